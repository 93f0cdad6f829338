"""Weights of words: a prompt is never turned into noise or its opposite by what follows the multiplication."""

import random
from dataclasses import replace
from io import BytesIO

import pytest
import torch
from PIL import Image

from generation.engine.conditioning.emphasis import weigh
from generation.engine.scheduling.model_cache import ModelCache
from generation.infotext import CHUNK_NAME, from_infotext
from generation.settings import GenerationSettings
from tests.generation.engine.conftest import LoopDriver

WORDS = [
    "a",
    "the",
    "in",
    "of",
    "fox",
    "house",
    "mountain",
    "apple",
    "owl",
    "tree",
    "castle",
    "snow",
    "red",
    "blue",
    "old",
    "small",
    "bright",
]
PROMPTS = 2000
SENTENCES = 25
"""Different words, which are encoded once; each has 80 weightings."""

ENCODERS = [("pocket", 0), ("two", 0), ("tiny", 0), ("xl", 0), ("xl", 1)]


def sentences() -> list[list[str]]:
    chance = random.Random(0)
    return [chance.choices(WORDS, k=chance.randint(1, 12)) for _ in range(SENTENCES)]


def weights_for(words: list[str], chance: random.Random) -> list[float]:
    """Usual weights, far-off ones, negative ones, for all or few of the words, and at least for one."""
    share = chance.choice([0.1, 0.5, 1.0])
    low, high = chance.choice([(1.1, 1.3), (0.5, 1.5), (0, 2), (-2, 2), (-50, 50)])
    weights = [round(chance.uniform(low, high), 2) if chance.random() < share else 1.0 for _ in words]
    return [1.3, *weights[1:]] if set(weights) == {1.0} else weights


def factors(plain: torch.Tensor, weighed: torch.Tensor, weights: list[float]) -> torch.Tensor:
    """The factor beyond its own weight by which each token was changed; `weights` begin with the second token's."""
    own = torch.ones(len(plain))
    own[1 : len(weights) + 1] = torch.tensor(weights)
    found = ((weighed * plain).sum(-1) / (plain * plain).sum(-1) / own)[own != 0]
    assert torch.allclose(weighed, plain * own[:, None] * found[0], rtol=1e-3, atol=1e-4)
    return found


@torch.inference_mode()
@pytest.mark.parametrize(("model", "number"), ENCODERS)
def test_no_prompt_is_changed_beyond_its_own_weights_by_more_than_four(
    family_cache: ModelCache, model: str, number: int
) -> None:
    reader = family_cache.take(model, lambda share: None).prompts.readers[number]
    together = " BREAK ".join(map(" ".join, sentences()))
    encoded = reader.read(together, 1, SENTENCES)[0][0].chunk(SENTENCES)
    tokens = {word: len(reader.windows(word)[0]) for word in WORDS}
    chance, found = random.Random(1), list[torch.Tensor]()
    for words, plain in zip(sentences(), encoded, strict=True):
        for again in range(PROMPTS // SENTENCES):
            asked = weights_for(words, chance)
            weights = [weight for word, weight in zip(words, asked, strict=True) for _ in range(tokens[word])]
            if not again:
                text = " ".join(f"({word}:{weight})" for word, weight in zip(words, asked, strict=True))
                assert [weight for _, weight in reader.windows(text)[0]] == weights
            found.append(factors(plain, weigh(plain, weights, reader.emphasis), weights))
    assert len(found) == PROMPTS
    least, most = min(float(each.min()) for each in found), max(float(each.max()) for each in found)
    if model == "xl":
        assert [least, most] == pytest.approx([1, 1], abs=1e-3), "it is not renormalised"
    else:
        assert 0.25 - 1e-3 < least <= most < 4 + 1e-3


@torch.inference_mode()
def test_a_word_that_brings_the_mean_near_zero_stays_that_word(family_cache: ModelCache) -> None:
    """Restoring its mean would multiply this prompt by -26."""
    reader = family_cache.take("pocket", lambda share: None).prompts.readers[0]
    plain, changed = (
        reader.read(text, 1, 1)[0][0] for text in ("a mountain in the house", "a (mountain:1.3) in the house")
    )
    [window] = reader.windows("a (mountain:1.3) in the house")
    found = factors(plain, changed, [weight for _, weight in window])
    assert torch.allclose(found, torch.ones(len(found)), atol=1e-3)


def test_the_rule_is_in_the_metadata_where_words_have_weights(
    family_cache: ModelCache, apple: GenerationSettings
) -> None:
    def told(model: str, prompt: str, negative: str = "") -> str:
        driver, short = LoopDriver(family_cache), replace(apple, steps=1, negative_prompt=negative)
        driver.admit(1, replace(short, model=model, prompt=prompt))
        driver.run()
        text = Image.open(BytesIO(driver.completed(1).pictures[0].png)).text[CHUNK_NAME]  # type: ignore[attr-defined]
        assert from_infotext(text).prompt == prompt
        return str(text)

    assert "Emphasis: Original, Emphasis factor: 0.25-4, " in told("tiny", "a (red:1.3) apple")
    assert "Emphasis: No norm, " in told("xl", "an apple", "[leaf]")
    assert "Emphasis" not in told("tiny", "a red apple \\(ripe\\)")
