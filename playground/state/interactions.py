"""Interactions: the bot responds within 3 seconds, then edits and follows up for 15 minutes."""

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from playground.errors import ApiError, Json
from playground.state.attachments import Upload
from playground.state.message import CHAT_INPUT_COMMAND, CONTEXT_MENU_COMMAND, EPHEMERAL, REPLY, Message
from playground.state.messages import Messages
from playground.state.store import Store
from playground.state.tokens import interaction_token
from playground.state.world import BOT_ID, World
from playground.validation.commands import check_choice
from playground.validation.form import Form
from playground.validation.modals import check_modal

RESPONSE_SECONDS = 3.0
"""Time for the initial response."""
TOKEN_SECONDS = 15 * 60.0
"""For how long the interaction's token is valid."""
FOLLOW_UPS_LIMIT = 5
"""Follow-up messages to one interaction where the app is only installed to the user."""

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
"""Interaction types."""
PONG, MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE_MESSAGE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9
"""Interaction callback types."""

_CALLBACK_TYPES = {
    COMMAND: (PONG, MESSAGE, DEFERRED_MESSAGE, MODAL),
    COMPONENT: (PONG, MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE_MESSAGE, MODAL),
    AUTOCOMPLETE: (PONG, CHOICES),
    MODAL_SUBMIT: (PONG, MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE_MESSAGE),
}


@dataclass
class Interaction:
    """A stored interaction.

    kind: the interaction type. metadata: the interaction_metadata of its messages. created: Unix seconds.
    source_id: the message whose component was used. original_id: the message that `@original` stands for.
    acknowledged: the callback type of the initial response, None before it. failed: there was none in time.
    modal: the modal that was opened. option_type: the type of the option being autocompleted.
    outside: the app is only installed to the user. followed: the number of follow-up messages.
    """

    id: int
    token: str
    kind: int
    user_id: int
    channel_id: int
    created: float
    metadata: Json
    command_type: int | None = None
    source_id: int | None = None
    original_id: int | None = None
    acknowledged: int | None = None
    modal: Json | None = None
    option_type: int = 3
    failed: bool = False
    outside: bool = False
    followed: int = 0


@dataclass(frozen=True)
class Response:
    """The initial response to an interaction. `type` is the interaction callback type."""

    interaction: Interaction
    type: int
    message: Message | None = None
    modal: Json | None = None
    choices: list[Json] | None = None


class Interactions:
    """All interactions whose tokens haven't long expired.

    The listeners in `on_response` are called after the initial response, those in `on_failure` when there was none in
    time.
    """

    def __init__(self, store: Store, world: World, messages: Messages, clock: Callable[[], float]) -> None:
        self._store = store
        self._world = world
        self._messages = messages
        self._clock = clock
        self._interactions = {id: Interaction(**document) for id, document in store.all("interaction").items()}
        self._by_token = {interaction.token: interaction for interaction in self._interactions.values()}
        self.on_response: list[Callable[[Response], None]] = []
        self.on_failure: list[Callable[[Interaction], None]] = []

    def create(self, kind: int, user_id: int, channel_id: int, metadata: Json, **fields: Any) -> Interaction:
        """Create an interaction. `metadata` gets its id, type and user; `fields` are more fields of Interaction."""
        self._drop_expired()
        id = self._store.next_snowflake()
        metadata = {"id": str(id), "type": kind, "user": str(user_id)} | metadata
        token = interaction_token(id)
        outside = self._world.channels[channel_id].is_outside
        interaction = Interaction(
            id, token, kind, user_id, channel_id, self._clock(), metadata, outside=outside, **fields
        )
        self._interactions[id] = self._by_token[token] = interaction
        self._save(interaction)
        return interaction

    def get(self, id: int) -> Interaction | None:
        """Return the interaction with this id, None when there is none or it has expired."""
        return self._interactions.get(id)

    def pending(self) -> list[Interaction]:
        """Return the interactions that still wait for the initial response."""
        return [item for item in self._interactions.values() if item.acknowledged is None and not item.failed]

    def fail_overdue(self) -> None:
        """Fail the interactions without an initial response within RESPONSE_SECONDS."""
        for interaction in self.pending():
            if self._is_overdue(interaction):
                interaction.failed = True
                self._save(interaction)
                for listener in self.on_failure:
                    listener(interaction)

    def _is_overdue(self, interaction: Interaction) -> bool:
        return self._clock() - interaction.created > RESPONSE_SECONDS

    def _save(self, interaction: Interaction) -> None:
        if interaction.kind != AUTOCOMPLETE:
            self._store.put("interaction", interaction.id, asdict(interaction))

    def _drop_expired(self) -> None:
        """Drop interactions older than twice TOKEN_SECONDS. Until then an expired token gets 50027 instead of 10015."""
        for interaction in list(self._interactions.values()):
            if self._clock() - interaction.created <= 2 * TOKEN_SECONDS:
                break
            del self._interactions[interaction.id], self._by_token[interaction.token]
            self._store.delete("interaction", interaction.id)

    def respond(self, id: int, token: str, payload: Json, uploads: dict[int, Upload]) -> Response:
        """Take the initial response.

        ApiError 10062 for an unknown interaction or too late, 40060 for a second one, 10003 where the channel is
        deleted, 50035 for an invalid body.
        """
        interaction = self._interactions.get(id)
        if interaction is None or not secrets.compare_digest(interaction.token, token):
            raise ApiError(404, 10062)
        if interaction.acknowledged is not None:
            raise ApiError(400, 40060)
        if interaction.failed or self._is_overdue(interaction):
            raise ApiError(404, 10062)
        self._world.channel(interaction.channel_id)
        response = self._respond(interaction, payload, uploads)
        interaction.acknowledged = response.type
        if response.message is not None:
            interaction.original_id = response.message.id
        elif response.type == DEFERRED_UPDATE:
            interaction.original_id = interaction.source_id
        interaction.modal = response.modal
        self._save(interaction)
        for listener in self.on_response:
            listener(response)
        return response

    def _respond(self, interaction: Interaction, payload: Json, uploads: dict[int, Upload]) -> Response:
        form = Form()
        form.only(payload, ("type", "data", "attachments"))
        type = payload.get("type")
        allowed = _CALLBACK_TYPES[interaction.kind]
        no_source = type in (DEFERRED_UPDATE, UPDATE_MESSAGE) and interaction.source_id is None
        if type not in allowed or no_source:
            form.at("type").add_error("BASE_TYPE_CHOICES", f"Value must be one of {allowed}.")
        place = form.at("data")
        data = form.mapping(payload, "data", required=type in (MESSAGE, CHOICES, MODAL))
        form.raise_if_invalid()
        if type == CHOICES:
            return Response(interaction, CHOICES, choices=_check_choices(data, place, interaction.option_type))
        if type == MODAL:
            check_modal(data, place)
            place.raise_if_invalid()
            return Response(interaction, MODAL, modal=data)
        if type == MESSAGE:
            return Response(interaction, MESSAGE, self._create(interaction, data, uploads, place))
        if type == DEFERRED_MESSAGE:
            fields = self._message_fields(interaction, bool(place.flags(data) & EPHEMERAL))
            return Response(
                interaction, DEFERRED_MESSAGE, self._messages.create_deferred(interaction.channel_id, **fields)
            )
        if type == UPDATE_MESSAGE:
            return Response(
                interaction, UPDATE_MESSAGE, self._messages.edit(self._source(interaction), data, uploads, place)
            )
        assert isinstance(type, int)
        return Response(interaction, type)

    def _source(self, interaction: Interaction) -> Message:
        if interaction.source_id is None:
            raise ApiError(404, 10008)
        return self._messages.find(interaction.channel_id, interaction.source_id)

    def _create(self, interaction: Interaction, data: Json, uploads: dict[int, Upload], form: Form) -> Message:
        ephemeral = bool(form.flags(data) & EPHEMERAL)
        fields = self._message_fields(interaction, ephemeral)
        return self._messages.create(interaction.channel_id, BOT_ID, data, uploads, form=form, **fields)

    def _message_fields(self, interaction: Interaction, ephemeral: bool) -> Json:
        """Return type, reference, metadata and visibility of a message that responds to an interaction."""
        fields: Json = {
            "interaction": dict(interaction.metadata),
            "ephemeral_for": interaction.user_id if ephemeral else None,
        }
        if interaction.original_id is not None:
            fields["interaction"]["original_response_message_id"] = str(interaction.original_id)
            replied: int | None = interaction.original_id
        else:
            replied = interaction.source_id
        if replied is None:
            fields["type"] = CHAT_INPUT_COMMAND if interaction.command_type in (1, None) else CONTEXT_MENU_COMMAND
            return fields
        fields["type"] = REPLY
        fields["reference"] = {"type": 0, "channel_id": str(interaction.channel_id), "message_id": str(replied)}
        return fields

    def by_token(self, application_id: int, token: str) -> Interaction:
        """Return the interaction of a webhook token.

        ApiError 10015 before the initial response, 50027 when expired, 10003 when its channel is deleted.
        """
        interaction = self._by_token.get(token)
        if interaction is None or application_id != BOT_ID:
            raise ApiError(404, 10015)
        if self._clock() - interaction.created > TOKEN_SECONDS:
            raise ApiError(401, 50027)
        if interaction.acknowledged is None:
            raise ApiError(404, 10015)
        self._world.channel(interaction.channel_id)
        return interaction

    def message(self, interaction: Interaction, message_id: str) -> Message:
        """Return a message of the interaction, by id or as `@original`. ApiError 10008 when there is none."""
        if message_id == "@original":
            if interaction.original_id is None:
                raise ApiError(404, 10008)
            return self._messages.find(interaction.channel_id, interaction.original_id)
        message = self._messages.find(interaction.channel_id, int(message_id) if message_id.isdecimal() else 0)
        own = message.interaction is not None and message.interaction["id"] == str(interaction.id)
        if not own and message.id != interaction.original_id:
            raise ApiError(404, 10008)
        return message

    def follow_up(self, interaction: Interaction, payload: Json, uploads: dict[int, Upload]) -> Message:
        """Create a follow-up message. The first one after a deferred response replaces the "is thinking" message.

        ApiError 40094 for more than FOLLOW_UPS_LIMIT where the app is only installed to the user.
        """
        original = interaction.original_id
        if interaction.acknowledged == DEFERRED_MESSAGE and original is not None:
            message = self._messages.get(original)
            if message is not None and message.loading:
                return self._messages.edit(message, payload, uploads)
        if interaction.outside and interaction.followed >= FOLLOW_UPS_LIMIT:
            raise ApiError(400, 40094)
        interaction.followed += 1
        self._save(interaction)
        return self._create(interaction, payload, uploads, Form())


def _check_choices(data: Json, form: Form, option_type: int) -> list[Json]:
    """Check autocomplete choices: at most 25, each of the option's type."""
    form.only(data, ("choices",))
    choices = []
    for place, choice in form.mappings(data, "choices", 25):
        check_choice(place, choice, option_type)
        choices.append(choice)
    form.raise_if_invalid()
    return choices
