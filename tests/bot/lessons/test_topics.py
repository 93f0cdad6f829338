from io import BytesIO

import pytest
from PIL import Image

from bot.lessons.examples import EXAMPLES, picture_of
from bot.lessons.making import MOST_BYTES, WIDTH, laid_out
from bot.lessons.topics import LESSONS, Topic
from bot.locales import addressing
from bot.views.custom_ids import COMPARE
from bot.views.lesson import TRIED, of_lesson

TEXT = 700
"""Characters that fit on a phone together with a picture, without scrolling."""


@pytest.mark.parametrize("topic", EXAMPLES)
def test_an_example_ships_for_each_setting_and_is_small(topic: Topic) -> None:
    data = picture_of(topic)
    assert data is not None
    assert len(data) <= MOST_BYTES
    with Image.open(BytesIO(data)) as image:
        assert image.format == "WEBP"
        assert image.width == WIDTH


def test_what_an_example_shows_differs_in_what_its_heads_say() -> None:
    for topic, example in EXAMPLES.items():
        drawn = {head: example.settings(changes) for head, changes in example.cells}
        assert len(set(drawn.values())) == len(drawn), topic
    seeds = EXAMPLES[Topic.SEED]
    assert [head for head, _ in seeds.cells] == [str(seeds.settings(changes).seed) for _, changes in seeds.cells]


def test_an_example_is_laid_out_on_one_row() -> None:
    cells = [(str(side), Image.new("RGB", (side, side), "red")) for side in (64, 128)]
    figure = laid_out(cells)
    assert figure.width == WIDTH > figure.height
    middle = figure.height - 60
    assert figure.getpixel((WIDTH // 4, middle)) == figure.getpixel((3 * WIDTH // 4, middle)) == (255, 0, 0, 255)


@pytest.mark.parametrize("locale", ["en-US", "es-ES"])
@pytest.mark.parametrize("topic", Topic)
async def test_a_lesson_fits_a_phone_and_leads_to_the_others(topic: Topic, locale: str) -> None:
    with addressing(locale):
        content = of_lesson(topic, picture_of(topic))
    [container] = content.view.to_components()  # type: ignore[no-untyped-call]
    parts = container["components"]
    words = [part["content"] for part in parts if part["type"] == 10]
    assert sum(map(len, words)) <= TEXT
    *tries, select = [row["components"][0] for row in parts if row["type"] == 1]
    wanted = [f"noisefox-try:{topic.value}:0"] * (topic in TRIED)
    assert [each["custom_id"] for each in tries] == wanted
    assert all(COMPARE.fullmatch(each) for each in wanted)
    assert [each["value"] for each in select["options"]] == [each.value for each in LESSONS if each is not topic]
    assert bool(content.files) == (topic in EXAMPLES)
