"""What was ignored of a request, in words."""

from bot.locales import say
from bot.views.text import shown
from generation.sentences import Sentence
from storage.records import MOST_UNREAD, Generation, Ignored, IgnoredPart

SHOWN_WORDS = 60
"""Characters that are shown of the words that a model didn't read."""

_SENTENCES = {
    IgnoredPart.STRENGTH: Sentence("Strength was ignored: it only works with a start picture. Attach one as `image`."),
    IgnoredPart.FOLLOWED_STRENGTH: Sentence(
        "Strength was ignored: the picture was followed, and not started from. To do both, use /imagine: attach the "
        "one to start from as `image`, and the one to follow as `control_image`."
    ),
    IgnoredPart.CONTROL: Sentence(
        "`--control` was ignored: it only works with a picture whose lines to keep. Attach one as `image`."
    ),
    IgnoredPart.IMAGE_WEIGHT: Sentence(
        "`--image-weight` was ignored: it only works with a picture as a prompt. Attach one as `image`."
    ),
    IgnoredPart.STYLE_WEIGHT: Sentence(
        "`--style-weight` was ignored: it only works with a picture whose style to take. Attach one as `style_image`."
    ),
    IgnoredPart.BRACE: Sentence(
        "A brace has no partner, so it was drawn as plain text. Type `{red, blue} fox` to draw one of each."
    ),
    IgnoredPart.WORDS: Sentence("This model reads shorter prompts. It ignored everything from “{words}” on."),
    IgnoredPart.SIZE: Sentence("This model can't draw that size, so the picture has {words} pixels."),
    IgnoredPart.REFERENCE_STRENGTH: Sentence(
        "Strength was ignored: this model looks at a picture, and doesn't start from it."
    ),
    IgnoredPart.WEIGHTS: Sentence(
        "Weights such as `(word:1.4)` were ignored: the model reads them as plain text. Leave them out, or choose "
        "another model."
    ),
    IgnoredPart.INSTRUCTION: Sentence(
        "This model doesn't follow instructions: it drew over the picture, with your words added to its prompt."
    ),
    IgnoredPart.LOOK: Sentence(
        "This model can't use the pictures of a look, so only the words of the look were added."
    ),
    IgnoredPart.LOOK_WEIGHT: Sentence("Weights of looks were ignored: this model looks at their pictures as they are."),
    IgnoredPart.LOOK_PICTURES: Sentence("Some pictures of the looks were left out: the first {words} were used."),
    IgnoredPart.FOREIGN: Sentence("Some of that picture's settings don't exist here and were replaced: {words}."),
}


def ignored_lines(generation: Generation) -> str:
    """A small line for each part of a request that was ignored; empty where all of it counts."""
    return "\n".join(f"-# {say(sentence_of(each))}" for each in generation.ignored)


def sentence_of(ignored: Ignored) -> Sentence:
    """What was ignored and what to do instead, as one sentence or two."""
    sentence = _SENTENCES[ignored.part]
    most = MOST_UNREAD if ignored.part is IgnoredPart.FOREIGN else SHOWN_WORDS
    return sentence.with_values(words=shown(ignored.words, most)) if ignored.words else sentence
