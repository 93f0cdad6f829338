"""The life of an interaction: it is sent to the bot, acknowledged within 3 s, and edited for 15 minutes."""

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from playground.errors import ApiError, Json
from playground.state.attachments import Upload
from playground.state.message import CHAT_INPUT_COMMAND, CONTEXT_MENU_COMMAND, EPHEMERAL, REPLY, Message
from playground.state.messages import Messages
from playground.state.snowflakes import Snowflakes
from playground.state.store import Store
from playground.state.world import BOT_ID, World
from playground.validation.commands import check_choice
from playground.validation.form_errors import Form
from playground.validation.modals import check_modal

ACKNOWLEDGE_SECONDS = 3.0
TOKEN_SECONDS = 15 * 60.0
FOLLOW_UPS = 5

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
PONG, MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE_MESSAGE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9

_ANSWERS = {
    COMMAND: (PONG, MESSAGE, DEFERRED_MESSAGE, MODAL),
    COMPONENT: (PONG, MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE_MESSAGE, MODAL),
    AUTOCOMPLETE: (PONG, CHOICES),
    MODAL_SUBMIT: (PONG, MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE_MESSAGE),
}


@dataclass
class Interaction:
    """An interaction as it is stored.

    `metadata` is the interaction_metadata of its messages; `source_id` the message whose component was used;
    `original_id` the message that `@original` means; `option_type` the focused option's type when autocompleting;
    `outside` where the app is only installed by the user, `followed` how many messages have followed its answer.
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
class Answer:
    """The bot's first answer to an interaction."""

    interaction: Interaction
    type: int
    message: Message | None = None
    modal: Json | None = None
    choices: list[Json] | None = None


class Interactions:
    """All interactions whose tokens may still be used."""

    def __init__(
        self, store: Store, snowflakes: Snowflakes, world: World, messages: Messages, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._world = world
        self._snowflakes = snowflakes
        self._messages = messages
        self._clock = clock
        self._known = {id: Interaction(**document) for id, document in store.all("interaction").items()}
        self._by_token = {interaction.token: interaction for interaction in self._known.values()}
        self.on_answer: list[Callable[[Answer], None]] = []
        self.on_failure: list[Callable[[Interaction], None]] = []

    def open(self, kind: int, user_id: int, channel_id: int, metadata: Json, **known: Any) -> Interaction:
        """A new interaction that waits to be acknowledged; `metadata` gets its id, type and user."""
        self._forget_expired()
        id = self._snowflakes.next()
        metadata = {"id": str(id), "type": kind, "user": str(user_id)} | metadata
        token = secrets.token_urlsafe(64)
        outside = self._world.channels[channel_id].is_outside
        interaction = Interaction(
            id, token, kind, user_id, channel_id, self._clock(), metadata, outside=outside, **known
        )
        self._known[id] = self._by_token[token] = interaction
        self._save(interaction)
        return interaction

    def get(self, id: int) -> Interaction | None:
        """The interaction with this id, None when there is none or it has expired."""
        return self._known.get(id)

    def pending(self) -> list[Interaction]:
        """Interactions that nobody has answered and nobody has given up on."""
        return [item for item in self._known.values() if item.acknowledged is None and not item.failed]

    def fail_overdue(self) -> None:
        """Gives up on what was not acknowledged within ACKNOWLEDGE_SECONDS."""
        for interaction in self.pending():
            if self._overdue(interaction):
                interaction.failed = True
                self._save(interaction)
                for listener in self.on_failure:
                    listener(interaction)

    def _overdue(self, interaction: Interaction) -> bool:
        return self._clock() - interaction.created > ACKNOWLEDGE_SECONDS

    def _save(self, interaction: Interaction) -> None:
        if interaction.kind != AUTOCOMPLETE:
            self._store.put("interaction", interaction.id, asdict(interaction))

    def _forget_expired(self) -> None:
        """Drops interactions twice as old as a token gets: until then an expired token is told from a forged one."""
        for interaction in list(self._known.values()):
            if self._clock() - interaction.created <= 2 * TOKEN_SECONDS:
                break
            del self._known[interaction.id], self._by_token[interaction.token]
            self._store.delete("interaction", interaction.id)

    def acknowledge(self, id: int, token: str, payload: Json, uploads: dict[int, Upload]) -> Answer:
        """The bot's first answer. ApiError 10062 when unknown or late, 40060 when it is the second, 50035."""
        interaction = self._known.get(id)
        if interaction is None or not secrets.compare_digest(interaction.token, token):
            raise ApiError(404, 10062)
        if interaction.acknowledged is not None:
            raise ApiError(400, 40060)
        if interaction.failed or self._overdue(interaction):
            raise ApiError(404, 10062)
        answer = self._answer(interaction, payload, uploads)
        interaction.acknowledged = answer.type
        if answer.message is not None:
            interaction.original_id = answer.message.id
        elif answer.type == DEFERRED_UPDATE:
            interaction.original_id = interaction.source_id
        interaction.modal = answer.modal
        self._save(interaction)
        for listener in self.on_answer:
            listener(answer)
        return answer

    def _answer(self, interaction: Interaction, payload: Json, uploads: dict[int, Upload]) -> Answer:
        form = Form()
        form.known(payload, ("type", "data", "attachments"))
        type = payload.get("type")
        allowed = _ANSWERS[interaction.kind]
        unsourced = type in (DEFERRED_UPDATE, UPDATE_MESSAGE) and interaction.source_id is None
        if type not in allowed or unsourced:
            form.at("type").refuse("BASE_TYPE_CHOICES", f"Value must be one of {allowed}.")
        place = form.at("data")
        data = form.mapping(payload, "data", required=type in (MESSAGE, CHOICES, MODAL))
        form.raise_if_any()
        if type == CHOICES:
            return Answer(interaction, CHOICES, choices=_checked_choices(data, place, interaction.option_type))
        if type == MODAL:
            check_modal(data, place)
            place.raise_if_any()
            return Answer(interaction, MODAL, modal=data)
        if type == MESSAGE:
            return Answer(interaction, MESSAGE, self._create(interaction, data, uploads, place))
        if type == DEFERRED_MESSAGE:
            known = self._message_fields(interaction, bool(place.flags(data) & EPHEMERAL))
            return Answer(interaction, DEFERRED_MESSAGE, self._messages.create_loading(interaction.channel_id, **known))
        if type == UPDATE_MESSAGE:
            return Answer(
                interaction, UPDATE_MESSAGE, self._messages.edit(self._source(interaction), data, uploads, place)
            )
        assert isinstance(type, int)
        return Answer(interaction, type)

    def _source(self, interaction: Interaction) -> Message:
        if interaction.source_id is None:
            raise ApiError(404, 10008)
        return self._messages.find(interaction.channel_id, interaction.source_id)

    def _create(self, interaction: Interaction, data: Json, uploads: dict[int, Upload], form: Form) -> Message:
        ephemeral = bool(form.flags(data) & EPHEMERAL)
        known = self._message_fields(interaction, ephemeral)
        return self._messages.create(interaction.channel_id, BOT_ID, data, uploads, form=form, **known)

    def _message_fields(self, interaction: Interaction, ephemeral: bool) -> Json:
        """Type, reference and metadata of a message that answers an interaction."""
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
        """The interaction of a webhook route. ApiError 10015 when unknown or not acknowledged, 50027 when expired."""
        interaction = self._by_token.get(token)
        if interaction is None or application_id != BOT_ID:
            raise ApiError(404, 10015)
        if self._clock() - interaction.created > TOKEN_SECONDS:
            raise ApiError(401, 50027)
        if interaction.acknowledged is None:
            raise ApiError(404, 10015)
        return interaction

    def message(self, interaction: Interaction, which: str) -> Message:
        """`@original` or a message of the interaction by id; ApiError 10008."""
        if which == "@original":
            if interaction.original_id is None:
                raise ApiError(404, 10008)
            return self._messages.find(interaction.channel_id, interaction.original_id)
        message = self._messages.find(interaction.channel_id, int(which) if which.isdecimal() else 0)
        own = message.interaction is not None and message.interaction["id"] == str(interaction.id)
        if not own and message.id != interaction.original_id:
            raise ApiError(404, 10008)
        return message

    def follow_up(self, interaction: Interaction, payload: Json, uploads: dict[int, Upload]) -> Message:
        """A further message; the first one after a deferred answer takes the place of "is thinking". ApiError 40094
        for more than FOLLOW_UPS where the app is only installed by the user."""
        original = interaction.original_id
        if interaction.acknowledged == DEFERRED_MESSAGE and original is not None:
            message = self._messages.get(original)
            if message is not None and message.loading:
                return self._messages.edit(message, payload, uploads)
        if interaction.outside and interaction.followed >= FOLLOW_UPS:
            raise ApiError(400, 40094)
        interaction.followed += 1
        self._save(interaction)
        return self._create(interaction, payload, uploads, Form())


def _checked_choices(data: Json, form: Form, option_type: int) -> list[Json]:
    """At most 25 choices, each of the focused option's type."""
    form.known(data, ("choices",))
    choices = []
    for place, choice in form.mappings(data, "choices", 25):
        check_choice(place, choice, option_type)
        choices.append(choice)
    form.raise_if_any()
    return choices
