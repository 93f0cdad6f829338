"""The messages of all channels: create, edit, delete, react; and how each of them looks to a viewer."""

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from typing import Any

from playground.errors import ApiError, Json
from playground.state.attachments import Attachment, Attachments, Upload
from playground.state.cdn import Cdn
from playground.state.media import Media
from playground.state.message import COMPONENTS_V2, EPHEMERAL, LOADING, SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS, Message
from playground.state.message_json import Appearance
from playground.state.snowflakes import Snowflakes
from playground.state.store import Store
from playground.state.world import BOT_ID, World
from playground.validation.form_errors import Form
from playground.validation.message import check_message
from playground.validation.walk import walk

_CREATE_FLAGS = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2
_EDIT_FLAGS = SUPPRESS_EMBEDS | COMPONENTS_V2
_HISTORY = 100
_REACTIONS = 20
_NONCE_LIFETIME = 300


class Messages:
    """All messages by id, and the listeners that hear of changes."""

    def __init__(
        self,
        store: Store,
        snowflakes: Snowflakes,
        world: World,
        attachments: Attachments,
        cdn: Cdn,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._snowflakes = snowflakes
        self._world = world
        self._attachments = attachments
        self._cdn = cdn
        self._media = Media(attachments, cdn)
        self._appearance = Appearance(world, attachments, cdn, self._media)
        self._clock = clock
        self._known = {id: Message(**document) for id, document in store.all("message").items()}
        self.on_change: list[Callable[[Message, bool], None]] = []
        """Called with a message and whether it is new."""
        self.on_delete: list[Callable[[Message], None]] = []
        self.on_reaction: list[Callable[[Message, int, str, bool], None]] = []
        """Called with a message, the id of who reacted, the emoji, and whether it was put or taken."""

    def get(self, id: int) -> Message | None:
        """A message of any channel, None when there is none."""
        return self._known.get(id)

    def find(self, channel_id: int, id: int) -> Message:
        """A message of a channel; ApiError 10008."""
        message = self._known.get(id)
        if message is None or message.channel_id != channel_id:
            raise ApiError(404, 10008)
        return message

    def in_channel(self, channel_id: int, viewer_id: int, last: int = _HISTORY) -> list[Message]:
        """The last messages of a channel that a viewer sees, oldest first. The bot sees no ephemeral one."""
        seen = [
            message
            for message in self._known.values()
            if message.channel_id == channel_id and message.ephemeral_for in (None, viewer_id)
        ]
        return sorted(seen, key=lambda message: message.id)[-last:]

    def create(
        self,
        channel_id: int,
        author_id: int,
        payload: Json,
        uploads: dict[int, Upload],
        *,
        form: Form | None = None,
        **known: Any,
    ) -> Message:
        """A new message from a checked body. `known` are further fields of Message, as type or ephemeral_for."""
        form = form or Form()
        if (repeated := self._repeated(channel_id, author_id, payload)) is not None:
            return repeated
        ephemeral = known.get("ephemeral_for") is not None
        flags = form.flags(payload) & _CREATE_FLAGS | (EPHEMERAL if ephemeral else 0)
        draft = Message(self._snowflakes.next(), channel_id, author_id, self._clock(), flags=flags, **known)
        message = self._filled(draft, payload, uploads, form)
        self._mention(message, payload.get("allowed_mentions"))
        nonce = payload.get("nonce")
        message.nonce = None if nonce is None else str(nonce)
        message.tts = bool(payload.get("tts"))
        self._keep(message, new=True)
        return message

    def create_loading(self, channel_id: int, **known: Any) -> Message:
        """The "is thinking" message of a deferred answer."""
        flags = LOADING | (EPHEMERAL if known.get("ephemeral_for") is not None else 0)
        message = Message(self._snowflakes.next(), channel_id, BOT_ID, self._clock(), flags=flags, **known)
        self._keep(message, new=True)
        return message

    def edit(self, message: Message, payload: Json, uploads: dict[int, Upload], form: Form | None = None) -> Message:
        """Changes the fields that are in the body; nobody is pinged. A loading message loses its loading flag."""
        form = form or Form()
        flags = message.flags & ~LOADING
        if payload.get("flags") is not None:
            kept = flags & (~_EDIT_FLAGS | COMPONENTS_V2)
            flags = kept | form.flags(payload) & _EDIT_FLAGS
        edited = None if message.loading else self._clock()
        draft = replace(message, flags=flags, edited=edited)
        changed = self._filled(draft, payload, uploads, form)
        if message.loading:
            self._mention(changed, payload.get("allowed_mentions"))
        self._keep(changed, new=False)
        return changed

    def delete(self, message: Message) -> None:
        """Removes a message."""
        del self._known[message.id]
        self._store.delete("message", message.id)
        for listener in self.on_delete:
            listener(message)

    def react(self, message: Message, user_id: int, emoji: str, on: bool) -> None:
        """Puts or takes a reaction; doing so twice changes nothing. ApiError 10014, 30010."""
        if not emoji or emoji.isascii():
            raise ApiError(400, 10014)
        reacted = message.reactions.get(emoji, [])
        if on == (user_id in reacted):
            return
        if on and not reacted and len(message.reactions) >= _REACTIONS:
            raise ApiError(400, 30010)
        message.reactions[emoji] = [*reacted, user_id] if on else [id for id in reacted if id != user_id]
        if not message.reactions[emoji]:
            del message.reactions[emoji]
        self._store.put("message", message.id, asdict(message))
        for listener in self.on_reaction:
            listener(message, user_id, emoji, on)

    def _keep(self, message: Message, new: bool) -> None:
        self._known[message.id] = message
        self._store.put("message", message.id, asdict(message))
        for listener in self.on_change:
            listener(message, new)

    def _repeated(self, channel_id: int, author_id: int, payload: Json) -> Message | None:
        """The message sent with the same nonce in the last minutes, when the body asks for that check."""
        nonce = payload.get("nonce")
        if nonce is None or not payload.get("enforce_nonce"):
            return None
        for message in self._known.values():
            same = (message.channel_id, message.author_id, message.nonce) == (channel_id, author_id, str(nonce))
            if same and self._clock() - message.created < _NONCE_LIFETIME:
                return message
        return None

    def _filled(self, draft: Message, payload: Json, uploads: dict[int, Upload], form: Form) -> Message:
        """The draft with the body's content, embeds, components and attachments; refuses what Discord refuses."""
        check_message(payload, form, v2=bool(draft.flags & COMPONENTS_V2))
        form.raise_if_any()
        self._check_attachment_ids(draft, payload, uploads, form)
        form.raise_if_any()
        message = replace(draft, attachments=self._kept(draft, payload))
        fresh = self._saved(draft, payload, uploads)
        message.attachments += [attachment.id for attachment in fresh]
        named = {attachment.filename: attachment for attachment in self._attachments.several(message.attachments)}
        by_upload = {
            uploads[index].filename: attachment for index, attachment in zip(sorted(uploads), fresh, strict=False)
        }
        named = by_upload | named
        if "content" in payload:
            message.content = payload["content"] or ""
        if "embeds" in payload or payload.get("embed"):
            embeds = payload.get("embeds") or ([payload["embed"]] if payload.get("embed") else [])
            message.embeds = self._media.resolve_embeds(embeds, named)
        if "components" in payload:
            place = form.at("components")
            message.components = self._media.resolve_components(payload["components"] or [], named, place)
        self._check_whole(message, payload, form)
        form.raise_if_any()
        return message

    def _check_attachment_ids(self, draft: Message, payload: Json, uploads: dict[int, Upload], form: Form) -> None:
        for index, item in enumerate(payload.get("attachments") or []):
            id = int(item["id"]) if str(item.get("id", "")).isdecimal() else -1
            if id not in uploads and id not in draft.attachments:
                form.at("attachments", index, "id").refuse("ATTACHMENT_NOT_FOUND", "The attachment was not found.")

    def _kept(self, draft: Message, payload: Json) -> list[int]:
        """Ids of the earlier attachments that stay: all, unless the body lists which."""
        if payload.get("attachments") is None:
            return [] if "attachments" in payload else list(draft.attachments)
        kept = []
        for item in payload["attachments"]:
            attachment = self._attachments.get(int(item["id"]))
            if attachment is not None and attachment.id in draft.attachments:
                if "description" in item:
                    self._attachments.describe(attachment, item["description"])
                kept.append(attachment.id)
        return kept

    def _saved(self, draft: Message, payload: Json, uploads: dict[int, Upload]) -> list[Attachment]:
        described = {int(item["id"]): item for item in payload.get("attachments") or []}
        saved = []
        for index in sorted(uploads):
            item = described.get(index, {})
            saved.append(
                self._attachments.save(
                    uploads[index],
                    draft.channel_id,
                    filename=item.get("filename"),
                    description=item.get("description"),
                    ephemeral=draft.ephemeral_for is not None,
                )
            )
        return saved

    def _check_whole(self, message: Message, payload: Json, form: Form) -> None:
        """What can only be judged of the message as it would be: too many files, emptiness, leftovers beside V2."""
        if len(message.attachments) > 10:
            form.at("attachments").refuse("BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
        if message.flags & COMPONENTS_V2:
            for name in ("content", "embeds"):
                if getattr(message, name):
                    form.at(name).refuse(
                        "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                        f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
                    )
            form.raise_if_any()
            if not message.components:
                raise ApiError(400, 50006)
            return
        form.raise_if_any()
        has_text = bool(message.content.strip())
        if not (has_text or message.embeds or message.attachments or message.components or payload.get("poll")):
            raise ApiError(400, 50006)

    def _mention(self, message: Message, allowed: Json | None) -> None:
        """Fills in who a new message pings: those mentioned in its text and allowed."""
        texts = [message.content, *(item["content"] for item in _texts(message.components))]
        mentioned = {int(id) for text in texts for id in re.findall(r"<@!?(\d+)>", text)} & self._world.users.keys()
        everyone = any("@everyone" in text or "@here" in text for text in texts)
        if allowed is not None:
            parse = allowed.get("parse") or []
            if "users" not in parse:
                mentioned &= {int(id) for id in allowed.get("users") or []}
            everyone = everyone and "everyone" in parse
        may_ping_everyone = self._world.users[message.author_id].admin
        message.mentions = sorted(mentioned)
        message.mention_everyone = everyone and may_ping_everyone

    def to_json(self, message: Message, viewer_id: int) -> Json:
        """Discord's message object for a viewer, with fresh links and the message it replies to."""
        document = self._appearance.to_json(message, viewer_id)
        if message.reference is not None:
            replied = self._known.get(int(message.reference["message_id"]))
            if replied is not None and replied.ephemeral_for not in (None, message.ephemeral_for):
                replied = None
            document["referenced_message"] = replied and self._appearance.to_json(replied, viewer_id)
        return document

    def page_json(self, message: Message, viewer_id: int) -> Json:
        """The message object of the page API."""
        ephemeral_for = None if message.ephemeral_for is None else str(message.ephemeral_for)
        return self.to_json(message, viewer_id) | {"ephemeral_for": ephemeral_for}

    def reply_reference(self, message: Message) -> Json:
        """The message_reference that points to a message."""
        channel = self._world.channels[message.channel_id]
        place = {} if channel.guild_id is None else {"guild_id": str(channel.guild_id)}
        return {"type": 0, "channel_id": str(message.channel_id), "message_id": str(message.id), **place}


def _texts(components: Iterable[Json]) -> Iterable[Json]:
    return (item for item in walk(list(components)) if item.get("type") == 10)
