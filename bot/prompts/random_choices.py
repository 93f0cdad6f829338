"""Random choices in what somebody types: made once, when a request is planned, or anew for a re-roll."""

from bot.prompts import flags
from generation.prompts.choices import Template, WordLists
from generation.settings import random_seed


def chosen(text: str, lists: WordLists) -> tuple[str, str]:
    """A prompt with its choices made by the seed of its `--choice-seed`, or else by a random one; and the text as
    typed, empty where it has none. Raises `InvalidSetting`."""
    template = Template(text)
    if not template.is_random:
        return template.drawn(0), ""
    seed = flags.choice_seed(text)
    return template.drawn(random_seed() if seed is None else seed, lists), text


def chosen_anew(typed: str, lists: WordLists) -> str:
    """The words of a prompt as typed, chosen by a random seed. Raises `InvalidSetting`."""
    return flags.read(Template(typed).drawn(random_seed(), lists)).prompt
