"""The messages of all channels: creating, editing, deleting and reacting."""

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from typing import Any

from playground.errors import ApiError, Json
from playground.state.attachments import Attachment, Attachments, Upload
from playground.state.cdn import Cdn
from playground.state.media import Media
from playground.state.message import (
    COMPONENTS_V2,
    EPHEMERAL,
    LOADING,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
    Message,
    MessageWriter,
)
from playground.state.store import Store
from playground.state.world import BOT_ID, World
from playground.validation.components import TEXT_DISPLAY, walk
from playground.validation.form import Form
from playground.validation.messages import FILES_LIMIT, check_message

_CREATE_FLAGS = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2
_EDIT_FLAGS = SUPPRESS_EMBEDS | COMPONENTS_V2
_PAGE_HISTORY = 100
"""Messages of a channel that the page loads."""
_REACTIONS_LIMIT = 20
"""Different emoji on one message."""
_NONCE_SECONDS = 300
"""For how long `enforce_nonce` finds an earlier message."""


class Messages:
    """All messages by id. The listeners in `on_change`, `on_delete` and `on_reaction` are called after each change."""

    def __init__(
        self,
        store: Store,
        world: World,
        attachments: Attachments,
        cdn: Cdn,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._world = world
        self._attachments = attachments
        self._media = Media(attachments, cdn)
        self._writer = MessageWriter(world, attachments, cdn, self._media)
        self._clock = clock
        self._messages = {id: Message(**document) for id, document in store.all("message").items()}
        self.on_change: list[Callable[[Message, bool], None]] = []
        """Called with the message and whether it is new."""
        self.on_delete: list[Callable[[Message], None]] = []
        self.on_reaction: list[Callable[[Message, int, str, bool], None]] = []
        """Called with the message, the user's id, the emoji, and whether it was added or removed."""

    def get(self, id: int) -> Message | None:
        """Return a message of any channel, None when there is none with this id."""
        return self._messages.get(id)

    def find(self, channel_id: int, id: int) -> Message:
        """Return a message of a channel. ApiError 10003 when that is deleted, 10008 when it has none with this id."""
        self._world.channel(channel_id)
        message = self._messages.get(id)
        if message is None or message.channel_id != channel_id:
            raise ApiError(404, 10008)
        return message

    def in_channel(self, channel_id: int, viewer_id: int, last: int = _PAGE_HISTORY) -> list[Message]:
        """Return the last messages of a channel that a viewer can see, oldest first. The bot sees no ephemeral ones."""
        visible = [
            message
            for message in self._messages.values()
            if message.channel_id == channel_id and message.ephemeral_for in (None, viewer_id)
        ]
        return sorted(visible, key=lambda message: message.id)[-last:]

    def create(
        self,
        channel_id: int,
        author_id: int,
        payload: Json,
        uploads: dict[int, Upload],
        *,
        form: Form | None = None,
        **fields: Any,
    ) -> Message:
        """Create a message from a request body. `fields` are more fields of Message, such as type or ephemeral_for.

        ApiError 50035 for an invalid body, 50006 for an empty message. Returns the earlier message when the body has
        `enforce_nonce` and a nonce that was used in the last minutes.
        """
        form = form or Form()
        if (repeated := self._with_same_nonce(channel_id, author_id, payload)) is not None:
            return repeated
        ephemeral = fields.get("ephemeral_for") is not None
        flags = form.flags(payload) & _CREATE_FLAGS | (EPHEMERAL if ephemeral else 0)
        draft = Message(self._store.next_snowflake(), channel_id, author_id, self._clock(), flags=flags, **fields)
        message = self._fill(draft, payload, uploads, form)
        self._set_mentions(message, payload.get("allowed_mentions"))
        nonce = payload.get("nonce")
        message.nonce = None if nonce is None else str(nonce)
        message.tts = bool(payload.get("tts"))
        self._put(message, new=True)
        return message

    def forward(self, message: Message, channel_id: int, author_id: int) -> Message:
        """Forward a message to a channel, as it is now."""
        reference = {"type": 1, "channel_id": str(message.channel_id), "message_id": str(message.id)}
        id, snapshot = self._store.next_snowflake(), asdict(message)
        forwarded = Message(id, channel_id, author_id, self._clock(), reference=reference, snapshot=snapshot)
        self._put(forwarded, new=True)
        return forwarded

    def create_deferred(self, channel_id: int, **fields: Any) -> Message:
        """Create the "is thinking" message of a deferred response."""
        flags = LOADING | (EPHEMERAL if fields.get("ephemeral_for") is not None else 0)
        message = Message(self._store.next_snowflake(), channel_id, BOT_ID, self._clock(), flags=flags, **fields)
        self._put(message, new=True)
        return message

    def edit(self, message: Message, payload: Json, uploads: dict[int, Upload], form: Form | None = None) -> Message:
        """Change the fields that the body has. Ends the "is thinking" of a deferred response; only then it can ping."""
        form = form or Form()
        flags = message.flags & ~LOADING
        if payload.get("flags") is not None:
            unchanged = flags & (~_EDIT_FLAGS | COMPONENTS_V2)
            flags = unchanged | form.flags(payload) & _EDIT_FLAGS
        edited = None if message.loading else self._clock()
        draft = replace(message, flags=flags, edited=edited)
        edited_message = self._fill(draft, payload, uploads, form)
        if message.loading:
            self._set_mentions(edited_message, payload.get("allowed_mentions"))
        self._put(edited_message, new=False)
        return edited_message

    def check_deletable(self, message: Message) -> None:
        """Check what the bot may delete. ApiError 50083 in an archived thread."""
        if self._world.channels[message.channel_id].archived:
            raise ApiError(400, 50083)

    def delete(self, message: Message) -> None:
        """Delete a message."""
        del self._messages[message.id]
        self._store.delete("message", message.id)
        for listener in self.on_delete:
            listener(message)

    def react(self, message: Message, user_id: int, emoji: str, on: bool) -> None:
        """Add or remove a reaction; doing so twice changes nothing. ApiError 10014, 30010."""
        if not emoji or emoji.isascii():
            raise ApiError(400, 10014)
        reacted = message.reactions.get(emoji, [])
        if on == (user_id in reacted):
            return
        if on and not reacted and len(message.reactions) >= _REACTIONS_LIMIT:
            raise ApiError(400, 30010)
        message.reactions[emoji] = [*reacted, user_id] if on else [id for id in reacted if id != user_id]
        if not message.reactions[emoji]:
            del message.reactions[emoji]
        self._store.put("message", message.id, asdict(message))
        for listener in self.on_reaction:
            listener(message, user_id, emoji, on)

    def _put(self, message: Message, new: bool) -> None:
        self._messages[message.id] = message
        self._store.put("message", message.id, asdict(message))
        for listener in self.on_change:
            listener(message, new)

    def _with_same_nonce(self, channel_id: int, author_id: int, payload: Json) -> Message | None:
        """Return the message sent with the same nonce in the last minutes, if the body has `enforce_nonce`."""
        nonce = payload.get("nonce")
        if nonce is None or not payload.get("enforce_nonce"):
            return None
        for message in self._messages.values():
            same = (message.channel_id, message.author_id, message.nonce) == (channel_id, author_id, str(nonce))
            if same and self._clock() - message.created < _NONCE_SECONDS:
                return message
        return None

    def _fill(self, draft: Message, payload: Json, uploads: dict[int, Upload], form: Form) -> Message:
        """Return the draft with the body's content, embeds, components and attachments, all checked."""
        check_message(payload, form, v2=bool(draft.flags & COMPONENTS_V2))
        form.raise_if_invalid()
        self._check_attachment_ids(draft, payload, uploads, form)
        form.raise_if_invalid()
        message = replace(draft, attachments=self._kept_attachments(draft, payload))
        added = self._save_uploads(draft, payload, uploads)
        message.attachments += [attachment.id for attachment in added]
        named = {attachment.filename: attachment for attachment in self._attachments.get_all(message.attachments)}
        by_upload = {
            uploads[index].filename: attachment for index, attachment in zip(sorted(uploads), added, strict=False)
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
        self._check_result(message, payload, form)
        form.raise_if_invalid()
        return message

    def _check_attachment_ids(self, draft: Message, payload: Json, uploads: dict[int, Upload], form: Form) -> None:
        for index, item in enumerate(payload.get("attachments") or []):
            id = int(item["id"]) if str(item.get("id", "")).isdecimal() else -1
            if id not in uploads and id not in draft.attachments:
                form.at("attachments", index, "id").add_error("ATTACHMENT_NOT_FOUND", "The attachment was not found.")

    def _kept_attachments(self, draft: Message, payload: Json) -> list[int]:
        """Return the ids of the attachments that an edit keeps: all, unless the body lists some."""
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

    def _save_uploads(self, draft: Message, payload: Json, uploads: dict[int, Upload]) -> list[Attachment]:
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

    def _check_result(self, message: Message, payload: Json, form: Form) -> None:
        """Check the message as it would be: number of files, not empty, no content or embeds beside Components V2."""
        if len(message.attachments) > FILES_LIMIT:
            form.at("attachments").add_error("BASE_TYPE_MAX_LENGTH", f"Must be {FILES_LIMIT} or fewer in length.")
        if message.flags & COMPONENTS_V2:
            for name in ("content", "embeds"):
                if getattr(message, name):
                    form.at(name).add_error(
                        "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                        f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
                    )
            form.raise_if_invalid()
            if not message.components:
                raise ApiError(400, 50006)
            return
        form.raise_if_invalid()
        has_text = bool(message.content.strip())
        if not (has_text or message.embeds or message.attachments or message.components or payload.get("poll")):
            raise ApiError(400, 50006)

    def _set_mentions(self, message: Message, allowed: Json | None) -> None:
        """Set the users that a new message pings: those its text mentions and `allowed_mentions` allows."""
        texts = [message.content, *(item["content"] for item in _text_displays(message.components))]
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

    def message_object(self, message: Message, viewer_id: int) -> Json:
        """Write a message object for a viewer, with fresh links and the message it replies to."""
        document = self._writer.write(message, viewer_id)
        if message.reference is not None:
            replied = self._messages.get(int(message.reference["message_id"]))
            if replied is not None and replied.ephemeral_for not in (None, message.ephemeral_for):
                replied = None
            document["referenced_message"] = replied and self._writer.write(replied, viewer_id)
        return document

    def page_object(self, message: Message, viewer_id: int) -> Json:
        """Write a message object of the page API: with `ephemeral_for`."""
        ephemeral_for = None if message.ephemeral_for is None else str(message.ephemeral_for)
        return self.message_object(message, viewer_id) | {"ephemeral_for": ephemeral_for}

    def reply_reference(self, message: Message) -> Json:
        """Write the message_reference of a reply to a message."""
        channel = self._world.channels[message.channel_id]
        place = {} if channel.guild_id is None else {"guild_id": str(channel.guild_id)}
        return {"type": 0, "channel_id": str(message.channel_id), "message_id": str(message.id), **place}


def _text_displays(components: list[Json]) -> Iterable[Json]:
    return (item for item in walk(components) if item.get("type") == TEXT_DISPLAY)
