"""A picture without its background."""

from bot import app
from tests.fake_vision import FakeVision
from tests.journeys.conftest import Member, Start, labels_of, text_of, words_of


async def test_the_background_is_removed_and_nothing_is_charged(start: Start, member: Member) -> None:
    seeing = FakeVision()
    seeing.boxes["front"] = (10, 20, 60, 70)
    async with start(vision=seeing):
        first = await member.imagine("a fox")
        outcome = await member.select(first, "noisefox:more:1:0", ["cut-out"])
        assert outcome.message is not None
        cut = await member.see_finished(outcome.message)
        assert "Background removed from" in words_of(cut)
        image = await member.image(cut, 1)
        assert image.mode == "RGBA"
        assert image.getchannel("A").getbbox() == (10, 20, 60, 70)
        assert labels_of(cut)[1] == "Undo"
        again = await member.select(cut, "noisefox:more:2:0", ["cut-out"])
        assert again.message is not None
        assert "removed already" in text_of(again.message)
        seeing.boxes["front"] = (0, 0, 0, 0)
        await member.select(first, "noisefox:more:1:0", ["cut-out"])
        await member.wait_for(lambda each: "I can't tell what is in front" in text_of(each))
        seeing.blind = True
        await member.select(first, "noisefox:more:1:0", ["cut-out"])
        await member.wait_for(lambda each: "I can't look at pictures just now" in text_of(each))


async def test_without_a_model_it_is_not_offered(bot: app.Bot, member: Member) -> None:
    assert "Remove the background" not in text_of(await member.imagine("a fox"))
