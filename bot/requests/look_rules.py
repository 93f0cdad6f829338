"""What a look must be like to be saved, by the bot's rules, the server's and the host's."""

from collections.abc import Sequence

from bot.errors import Refusal
from bot.policy import blocked_words
from bot.policy.blocked_content import BlockedContent
from bot.policy.look_book import includes
from bot.policy.request_context import RequestContext
from bot.prompts import flags
from bot.prompts.looks import RESERVED
from bot.views.text import shown
from generation import names
from generation.prompts import choices
from generation.sentences import Counted, Sentence
from generation.settings import SIZE, GenerationSettings
from storage.look_records import Look

NONE = Sentence("This bot saves no looks.")


def check_text(look: Look, context: RequestContext) -> None:
    """Raise `UserError` for a name that a prompt can't name, for words with flags or random choices, and for a server's
    look that says what is blocked there."""
    names.check_visible(look.name)
    has_dashes = "--" in look.name or flags.split(f"a {look.name}")[1]
    if has_dashes or any(each in look.name for each in RESERVED) or not names.is_whole(look.name):
        raise Refusal("A look's name can't have a colon, a comma or two dashes in it. Choose another one.")
    if flags.split(look.words)[1]:
        raise Refusal("The words of a look can't have flags such as `--ar`. Leave them out.")
    if choices.escaped(look.words) != look.words:
        raise Refusal(
            "The words of a look are always drawn as they are. Leave out braces and names such as `__colour__`."
        )
    if look.audience.guild_id is not None:
        _check_blocked(look, context)


def check_room(context: RequestContext, look: Look, own: Sequence[Look], guild: Sequence[Look]) -> bool:
    """Raise `Refusal` where a name is taken, a new look has nothing to draw with, or there are as many looks as the
    host allows; `own` are all of its owner, and `guild` all of its server.

    A look that a person may not use takes no name, for that would tell that it exists. Returns True where the look
    takes the place of another one.
    """
    limits, is_shared = context.host_limits, look.audience.guild_id is not None
    alike = [each for each in (*own, *guild) if names.key(each.name) == names.key(look.name)]
    if any(_replaces(look, each) for each in alike):
        return True
    if not look.files and not look.lora:
        raise Refusal("A look needs a picture or a LoRA. Words alone are a style: use /styles save.")
    if any(each in guild and includes(each.audience, context.requester) for each in alike):
        raise Refusal("This server already has a look called “{name}”. Choose another name.", name=shown(look.name, 32))
    if limits.looks == 0:
        raise Refusal(NONE)
    if is_shared and limits.server_looks == 0:
        raise Refusal("This bot saves no looks for servers. Save it for yourself.")
    if limits.looks is not None and len(own) >= limits.looks:
        raise Refusal(
            Counted(
                limits.looks,
                "You already have {n} look, the maximum. Delete it first.",
                "You already have {n} looks, the maximum. Delete one first.",
            )
        )
    if is_shared and limits.server_looks is not None and len(guild) >= limits.server_looks:
        raise Refusal(
            Counted(
                limits.server_looks,
                "This server already has {n} look, the maximum. Delete it first.",
                "This server already has {n} looks, the maximum. Delete one first.",
            )
        )
    return False


def _check_blocked(look: Look, context: RequestContext) -> None:
    book = context.rulebook
    said = GenerationSettings(f"{look.name}, {look.words}", 0, context.usual_model, SIZE.low, SIZE.low)
    refusal = Sentence("“{name}” is blocked on this server. Leave it out of the name and the words of the look.")
    if (word := blocked_words.asked_for(book.blocked_words, said)) is not None:
        raise BlockedContent(Sentence("the word {name}"), word, refusal.with_values(name=word))
    if (person := blocked_words.person_asked_for(book.blocked_people, said)) is not None:
        raise BlockedContent(Sentence("the person {name}"), person, refusal.with_values(name=person))


def _replaces(new: Look, old: Look) -> bool:
    """True where a look takes the place of another one of the same name."""
    one, other = new.audience, old.audience
    return (one.owner_id, one.guild_id) == (other.owner_id, other.guild_id)
