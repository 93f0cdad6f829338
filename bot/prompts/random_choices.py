"""Random choices in what somebody types: made once, when a request is planned, or anew for a re-roll."""

from dataclasses import replace

from bot.prompts import flags, permutations
from generation.prompts.choices import Template, UnknownList, WordLists
from generation.settings import GenerationSettings, random_seed


def chosen(text: str, lists: WordLists) -> tuple[str, str]:
    """A prompt with its choices made by the seed of its `--choice-seed`, or else by a random one; and the text as
    typed, empty where it has none. Raises `InvalidSetting`."""
    template = Template(text)
    if not template.is_random:
        return template.drawn(0), ""
    seed = flags.choice_seed(text)
    return template.drawn(random_seed() if seed is None else seed, lists), text


def with_negative(text: str, negative: str | None) -> tuple[str, str | None]:
    """A prompt as typed, with a negative prompt that was typed beside it as its last flag where that holds choices, or
    where the prompt has one of its own; and the negative prompt where it is no flag."""
    if not negative or not negative.strip():
        return text, negative
    template = Template(negative)
    if template.is_random or len(permutations.templates(negative)) > 1 or flags.names_negative(text):
        return f"{text} --no {negative}", None
    return text, template.drawn(0)


def chosen_anew(settings: GenerationSettings, typed: str, lists: WordLists) -> GenerationSettings:
    """The settings with the choices of their prompts, as typed, made by a random seed; the same where one of the lists
    is gone. Raises `InvalidSetting`."""
    try:
        read = flags.read(Template(typed).drawn(random_seed(), lists))
    except UnknownList:
        return settings
    negatives = flags.take(typed, "no")[1]
    if negatives and Template(negatives[-1]).is_random:
        settings = replace(settings, negative_prompt=read.chosen.negative_prompt or "")
    return replace(settings, prompt=read.prompt)
