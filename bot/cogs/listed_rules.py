"""What the rules of a server list by name, as suggestions for what to remove."""

from collections.abc import Iterator
from dataclasses import dataclass

import discord

from bot.locales import say
from storage.rulebook import Kind, Rulebook

RULES = "rules"
LORA = "lora"
LOG = "log"
GALLERY = "gallery"


@dataclass(frozen=True, slots=True)
class ListedRule:
    """An allowed model, channel or role, the rules of a channel or role, a role's LoRA, the log channel, or the
    gallery."""

    matter: str
    """A `Kind`, `RULES`, `LORA`, `LOG` or `GALLERY`."""
    name: str
    """The name of the model, or the id of the channel or role; for a LoRA, the role and its name."""
    label: str
    """The text that a person chooses by."""

    @property
    def value(self) -> str:
        return f"{self.matter}:{self.name}"

    def is_meant_by(self, text: str) -> bool:
        """True for the suggestion that was chosen, and for its name, id or mention where somebody typed that."""
        return text in (self.value, self.label) or text.strip("<@&#> ") == self.name


def listed_rules(book: Rulebook, guild: discord.Guild | None, guild_id: int) -> Iterator[ListedRule]:
    """Everything that `book` lists. Deleted channels and roles are listed by their ids."""
    for name in sorted(book.allowed.get(Kind.MODEL, ())):
        yield ListedRule(Kind.MODEL, name, say("Models: {names}", names=name))
    for name in sorted(book.allowed.get(Kind.CHANNEL, ())):
        yield ListedRule(Kind.CHANNEL, name, say("Channels: {names}", names=_shown(guild, int(name))))
    for name in sorted(book.allowed.get(Kind.ROLE, ())):
        yield ListedRule(Kind.ROLE, name, say("Roles: {names}", names=_shown(guild, int(name))))
    for name in sorted(book.allowed.get(Kind.LOOK, ())):
        yield ListedRule(Kind.LOOK, name, say("Roles that can save looks: {names}", names=_shown(guild, int(name))))
    for scope in sorted({key.scope for key in book.rules} - {guild_id}):
        yield ListedRule(RULES, str(scope), say("Rules of {place}", place=_shown(guild, scope)))
    for lora, roles in sorted(book.lora_roles.items()):
        for role in sorted(roles):
            label = say("LoRA {name}: {roles}", name=lora, roles=_shown(guild, role))
            yield ListedRule(LORA, f"{role}:{lora}", label)
    if book.log_channel_id:
        shown = _shown(guild, book.log_channel_id)
        yield ListedRule(LOG, str(book.log_channel_id), say("Log channel: {channel}", channel=shown))
    if book.gallery_channel_id:
        shown = _shown(guild, book.gallery_channel_id)
        yield ListedRule(GALLERY, str(book.gallery_channel_id), say("Gallery: {channel}", channel=shown))


def _shown(guild: discord.Guild | None, place: int) -> str:
    """A channel or role by name; by its id where it is not known."""
    if guild and (role := guild.get_role(place)):
        return f"@{role.name}"
    channel = guild.get_channel_or_thread(place) if guild else None
    return f"#{channel.name}" if channel else say("unknown, {id}", id=str(place))
