from bot.requests.blending import FROM_THE_MIDDLE, from_the_middle, words_of
from generation.settings import GenerationSettings, PartialSettings

FOX = GenerationSettings(prompt="a fox", seed=1, model="pocket", width=64, height=64)


def test_words_are_those_of_the_pictures_each_once_and_without_loras() -> None:
    assert words_of(["a fox <lora:ink:1>", "", "an owl", "a fox"]) == "a fox, an owl"
    assert words_of(["", ""]) == "a picture"


def test_a_strength_that_somebody_names_is_kept() -> None:
    assert from_the_middle(FOX, "a fox", PartialSettings()).denoising_strength == FROM_THE_MIDDLE
    assert from_the_middle(FOX, "a fox --strength 0.9", PartialSettings()) == FOX
    assert from_the_middle(FOX, "a fox", PartialSettings(denoising_strength=0.8)) == FOX
