"""A message as it is stored, its flags and types."""

from dataclasses import dataclass, field

from playground.errors import Json

SUPPRESS_EMBEDS = 1 << 2
EPHEMERAL = 1 << 6
LOADING = 1 << 7
SUPPRESS_NOTIFICATIONS = 1 << 12
COMPONENTS_V2 = 1 << 15

REPLY, CHAT_INPUT_COMMAND, CONTEXT_MENU_COMMAND = 19, 20, 23


@dataclass
class Message:
    """A message as it is stored. `reactions` maps an emoji to the ids of who reacted, in order."""

    id: int
    channel_id: int
    author_id: int
    created: float
    type: int = 0
    content: str = ""
    flags: int = 0
    edited: float | None = None
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[int] = field(default_factory=list)
    reactions: dict[str, list[int]] = field(default_factory=dict)
    mentions: list[int] = field(default_factory=list)
    mention_everyone: bool = False
    ephemeral_for: int | None = None
    interaction: Json | None = None
    reference: Json | None = None
    nonce: str | None = None
    tts: bool = False

    @property
    def loading(self) -> bool:
        return bool(self.flags & LOADING)
