"""The message with the pictures that a request has followed."""

from collections.abc import Sequence

from discord import ui

from bot.attachments.finished import PictureFile
from bot.locales import say
from bot.views.message import QUIET, SPOILER, MessageContent, framed, gallery
from generation.controls import ROLES, of_pictures
from storage.records import Generation


def of_controls(generation: Generation, pictures: Sequence[PictureFile], *, covered: bool) -> MessageContent:
    """What was made of the given pictures for the ControlNets, with the kind of each."""
    kinds = of_pictures(generation.settings.controls, len(ROLES))
    words = [say("Control picture: {kind}", kind=str(kinds[each.index])) for each in pictures]
    cover = SPOILER * (covered or generation.origin.hides_previews)
    files = {f"{cover}control-{generation.id}-{each.index}.{each.ending}": each.data for each in pictures}
    return MessageContent(framed([ui.TextDisplay("\n".join(words)), gallery(list(files), *words)], QUIET), files)
