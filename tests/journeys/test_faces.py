"""Faces of a picture are drawn anew: with a flag, and with a button."""

from pathlib import Path

from generation.catalogue import POCKET, ModelSpec
from generation.vision import VisionModels
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, Start, filled, labels_of, text_of, urls_of, words_of
from tests.journeys.test_result import more, settings_in

FACES = VisionModels(faces="faces")
BUTTON = "Fix faces"


async def test_the_button_draws_the_same_picture_with_its_faces_anew_and_is_undone(
    start: Start, member: Member, pool: FakePool
) -> None:
    pool.faces = 2
    async with start(vision_models=FACES) as bot:
        first = await member.imagine("a fox --size 160x96", seed=7, count=2)
        assert "face" not in words_of(first)
        picked = await member.select(first, "noisefox:pick:1:0", ["1"])
        assert picked.message is not None
        panel = await member.see(picked.message, filled)
        assert BUTTON in text_of(panel)
        fixed = await more(member, panel, "faces")
        settings = await settings_in(member, fixed, 1)
        assert (settings.prompt, settings.seed, settings.faces) == ("a fox", 8, True)
        assert "Faces of [picture 2]" in words_of(fixed)
        assert "-# 2 faces were drawn anew." in words_of(fixed)
        before, after = urls_of(fixed)
        assert "before" in before
        assert "noisefox-2-0" in after
        assert labels_of(fixed)[1:3] == ["Undo", "Re-roll"], "there are no words to change"
        again = await member.select(fixed, "noisefox:more:2:0", ["faces"])
        assert again.message is not None
        assert "The faces of this picture are already drawn anew." in text_of(again.message)
        await member.click(fixed, "Undo")
        undone = await member.see(fixed, lambda each: "Undone." in text_of(each))
        assert "noisefox-1-1" in urls_of(undone)[0]
        saved = await bot.generations.get(2)
        assert saved is not None
        assert (saved.faces_found, saved.charged) == (2, 4 + 1), "a face takes 0.4 of the steps, and one is charged"


async def test_the_flag_says_how_many_were_found(start: Start, member: Member, pool: FakePool) -> None:
    async with start(vision_models=FACES):
        none = await member.imagine("a tree --faces")
        assert "-# No face was found." in words_of(none)
        pool.faces = 1
        found = await member.press(none, "Re-roll")
        assert "-# 1 face was drawn anew." in words_of(found)
        assert (await settings_in(member, found)).faces
        details = await member.click(found, "Details")
        assert details.message is not None
        assert "--faces" in text_of(details.message)


async def test_a_comparison_counts_all_its_faces(start: Start, member: Member, pool: FakePool) -> None:
    pool.faces = 3
    async with start(vision_models=FACES):
        given = {"prompt": "a fox --faces --size 64x64", "parameter": "steps", "values": "2, 3"}
        compared = await member.slash("compare", given)
        assert compared.message is not None
        await member.see(compared.message, lambda each: "-# 6 faces were drawn anew." in words_of(each))


async def test_where_it_cannot_be_done_one_sentence_says_so(start: Start, member: Member, tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text('{"_class_name": "SanaPipeline"}')
    sana = ModelSpec("sana", str(tmp_path), width=512, height=512, steps=4)
    async with start(vision_models=FACES, models=(POCKET, sana)):
        refused = await member.slash("imagine", {"prompt": "a fox --faces", "model": "sana"})
        assert refused.message is not None
        assert "sana doesn't support drawing faces anew. Remove it, or choose another model." in words_of(
            refused.message
        )
        assert BUTTON not in text_of(await member.imagine("a fox", model="sana"))
        made = await member.imagine("a fox --faces")
    async with start():
        refused = await member.slash("imagine", {"prompt": "a fox --faces"})
        assert refused.message is not None
        assert "No model finds faces here, so they can't be drawn anew. Leave out `--faces`." in words_of(
            refused.message
        )
        assert BUTTON not in text_of(await member.imagine("a fox"))
        enlarged = await member.press(made, "Upscale ×2")
        assert "Upscaled from" in words_of(enlarged), "that takes no detector"
