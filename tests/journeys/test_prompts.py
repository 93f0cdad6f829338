"""What a prompt can say beside its words."""

from pathlib import Path

import pytest

from bot import app
from bot.config import WildcardsConfig
from generation import infotext
from playground.client.person import File
from tests.journeys.conftest import Member, Message, Start, finished, text_of, urls_of, words_of


@pytest.mark.real_worker
async def test_a_prompt_switches_takes_turns_adds_and_has_regions(bot: app.Bot, member: Member) -> None:
    async def drawn(prompt: str) -> bytes:
        return (await member.image(await member.imagine(prompt, seed=7, steps=2))).tobytes()

    apple = await drawn("a red apple")
    assert await drawn("a [red apple:blue boat:1.0]") == apple
    said = "a [red apple|blue boat]", "a red apple AND a blue boat :0.5", "<left: a red apple> <right: a blue boat>"
    assert len({apple, *[await drawn(prompt) for prompt in said]}) == 4


async def test_the_metadata_has_the_prompt_as_it_was_drawn(bot: app.Bot, member: Member) -> None:
    prompt = "a [red|green] apple AND (snow:1.2) :0.5, <top: sky>"
    done = await member.imagine(prompt)
    text = (await member.image(done)).info["parameters"]
    assert infotext.from_infotext(text).prompt == prompt
    assert (
        infotext.from_infotext((await member.image(await member.press(done, "Re-roll"))).info["parameters"]).prompt
        == prompt
    )


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("a [fox:wolf:1.5]", "switches after a share from 0 to 1, or after a whole number of steps"),
        ("<0,0,3,1: a fox>", "A region has four fractions from 0 to 1"),
        (" AND ".join(["a fox"] * 9), "The prompt has 9 parts and regions. The maximum is 8."),
        ("[a|b] [a|b|c] [a|b|c|d|e] [a|b|c|d|e|f|g]", "The square brackets make"),
    ],
)
async def test_what_is_wrong_is_said_in_one_sentence(bot: app.Bot, member: Member, prompt: str, sentence: str) -> None:
    outcome = await member.slash("imagine", {"prompt": prompt, "steps": 60})
    assert outcome.acknowledged == 4
    assert outcome.message is not None
    assert sentence in outcome.message["content"]


async def prompts_of(member: Member, message: Message) -> str:
    """The prompt in a picture's metadata."""
    return infotext.from_infotext((await member.image(message)).info["parameters"]).prompt


async def negative_of(member: Member, message: Message) -> str:
    """The negative prompt in a picture's metadata."""
    return infotext.from_infotext((await member.image(message)).info["parameters"]).negative_prompt


async def test_a_re_roll_chooses_anew_and_the_same_again_does_not(bot: app.Bot, member: Member) -> None:
    typed = "a {1|2|3|4|5|6|7|8|9}{1|2|3|4|5|6|7|8|9}{1|2|3|4|5|6|7|8|9} fox"
    first = await member.imagine(typed, count=2)
    prompt = await prompts_of(member, first)
    assert "{" not in prompt
    assert prompt in words_of(first)
    again = await member.press(first, "Re-roll")
    third = await member.press(again, "Re-roll")
    assert len({prompt, await prompts_of(member, again), await prompts_of(member, third)}) == 3
    assert await prompts_of(member, await member.press(first, "V1")) == prompt
    details = await member.click(first, "Details")
    assert details.message is not None
    assert "Typed as" in text_of(details.message)
    assert "3|4|5" in words_of(details.message).replace("\\", "")


async def test_a_choice_has_a_seed_of_its_own(bot: app.Bot, member: Member) -> None:
    typed = "a {1|2|3|4|5|6|7|8|9}{1|2|3|4|5|6|7|8|9} fox"
    seen = {await prompts_of(member, await member.imagine(f"{typed} --choice-seed 7 --seed {seed}")) for seed in (1, 2)}
    assert len(seen) == 1
    seen = {await prompts_of(member, await member.imagine(typed, seed=1)) for _ in range(4)}
    assert len(seen) > 1


async def test_braces_draw_all_and_choose_at_random_side_by_side(bot: app.Bot, member: Member) -> None:
    started = await member.start("{red, blue} {fox|fox} {2$$in snow|in snow}")
    done = await member.see_finished(started)
    assert await prompts_of(member, done) == "red fox in snow, in snow"
    assert "blue fox in snow, in snow" in text_of(
        await member.wait_for(lambda each: finished(each) and each["id"] != done["id"])
    )


async def test_a_choice_that_was_made_outlives_the_question_before_many_pictures(bot: app.Bot, member: Member) -> None:
    outcome = await member.slash("imagine", {"prompt": "{a, b, c, d, e} {x|x} --choice-seed 1", "steps": 4})
    assert outcome.message is not None
    drawn = await member.click(outcome.message, "Draw all 5")
    assert drawn.message is not None
    assert await prompts_of(member, await member.see_finished(drawn.message)) == "a x"


async def test_words_come_from_the_lists_of_the_host(start: Start, member: Member, tmp_path: Path) -> None:
    lists = tmp_path / "wildcards"
    (lists / "animals").mkdir(parents=True)
    (lists / "colour.txt").write_text("# comment\n\n{red|red}\n")
    (lists / "animals" / "wild.txt").write_text("__colour__ fox\n")
    async with start(wildcards=WildcardsConfig(lists)):
        assert await prompts_of(member, await member.imagine("a __animals/Wild__")) == "a red fox"
        unknown = await member.asks("imagine", prompt="a __color__ fox")
        assert "There's no word list “color” here. Did you mean one of these? colour." in unknown["content"]
        member.locale = "es-ES"
        unknown = await member.asks("imagine", prompt="a __color__ fox")
        assert "Aquí no hay ninguna lista de palabras «color»" in unknown["content"]


async def test_a_start_picture_keeps_the_choice(bot: app.Bot, member: Member) -> None:
    png = await member.download(urls_of(await member.imagine())[0])
    picture = File("start.png", png)
    done = await member.imagine("a {1|2|3|4|5|6|7|8|9}{1|2|3|4|5|6|7|8|9} fox", image=picture)
    assert await prompts_of(member, done) in words_of(done)
    assert await prompts_of(member, await member.press(done, "Re-roll")) != await prompts_of(member, done)


@pytest.mark.real_worker
async def test_a_picture_tiles(bot: app.Bot, member: Member) -> None:
    done = await member.imagine("a red apple --tile", seed=7, steps=2)
    image = await member.image(done)
    assert "Tiling: True" in image.info["parameters"]
    assert infotext.from_infotext(image.info["parameters"]).tile
    plain = await member.imagine("a red apple", seed=7, steps=2)
    assert image.tobytes() != (await member.image(plain)).tobytes()
    again = await member.press(done, "Re-roll")
    assert "Tiling: True" in (await member.image(again)).info["parameters"]
    details = await member.click(done, "Details")
    assert details.message is not None
    assert "--tile" in text_of(details.message)


async def test_all_styles_are_suggested_with_whose_they_are(bot: app.Bot, member: Member, admin: Member) -> None:
    async def suggested(person: Member, typed: str = "") -> list[str]:
        options = await person.autocomplete("imagine", {"prompt": "a fox", "style": typed}, focused="style")
        return [each["name"] for each in options]

    assert (
        "Saved."
        in (await admin.asks("server styles", name="house", text="in our colours, {prompt} --steps 3"))["content"]
    )
    await member.asks("styles save", name="mine", text="film grain")
    names = await suggested(member)
    assert names[0] == "mine: film grain"
    assert names[1].startswith("house (this server): in our colours")
    assert names[2].startswith("photo (for everybody): a photograph of")
    assert len(await suggested(admin)) == len(names) - 1
    listed = (await member.asks("styles list"))["content"]
    assert "On this server: house" in listed
    assert "For everybody: `photo`, `cinematic`" in listed


async def test_a_style_of_the_server_and_one_that_ships(bot: app.Bot, member: Member, admin: Member) -> None:
    await admin.asks("server styles", name="House", text="our {prompt}")
    assert await prompts_of(member, await member.imagine("a fox", style="house")) == "our a fox"
    assert await prompts_of(member, await member.imagine("a fox --style HOUSE")) == "our a fox"
    assert "film noir" in await prompts_of(member, await member.imagine("a fox", style="old film"))
    assert "no style" in (await member.asks("imagine", prompt="a fox", style="gone"))["content"]
    assert "- **house** our" in (await admin.asks("server styles"))["content"]
    assert "Removed." in (await admin.asks("server styles", name="house", remove=True))["content"]
    assert "no style" in (await member.asks("imagine", prompt="a fox", style="house"))["content"]


async def test_a_word_list_of_the_server(bot: app.Bot, member: Member, admin: Member) -> None:
    assert "Saved." in (await admin.asks("server lists", name="animal", words="fox, fox"))["content"]
    digits = "{1|2|3|4|5|6|7|8|9}" * 3
    done = await member.imagine("a __animal__", negative=f"{digits} __animal__")
    assert await prompts_of(member, done) == "a fox"
    first = await negative_of(member, done)
    assert "{" not in first
    assert first.endswith(" fox")
    assert await negative_of(member, await member.press(done, "Re-roll")) != first, "it is chosen anew, too"
    form = (await member.click(done, "Remix")).modal
    assert form is not None
    sent = await member.submit(form, {"negative": "two {cats|cats}"})
    assert sent.message is not None
    assert await negative_of(member, await member.see_finished(sent.message)) == "two cats"
    assert "- **animal** fox, fox" in (await admin.asks("server lists"))["content"]
    assert "Saved." in (await admin.asks("server lists", name="moods", words="{1$$so, so|so, so}"))["content"]
    assert await prompts_of(member, await member.imagine("a __moods__")) == "a so, so"
    assert "Word lists: `__animal__`, `__moods__`" in (await member.asks("styles list"))["content"]
    assert "letters, digits" in (await admin.asks("server lists", name="my list", words="fox"))["content"]
    assert "Give a new value or choose remove" in (await admin.asks("server lists", name="animal"))["content"]
    assert "Removed." in (await admin.asks("server lists", name="animal", remove=True))["content"]
    assert "There's no word list" in (await member.asks("imagine", prompt="a __animal__"))["content"]
    again = await member.press(done, "Re-roll")
    assert (await prompts_of(member, again), await negative_of(member, again)) == ("a fox", first)


async def test_a_form_chooses_too_and_keeps_what_was_drawn(bot: app.Bot, member: Member) -> None:
    done = await member.imagine(r"a \{fox|cat\}")
    assert await prompts_of(member, done) == "a {fox|cat}"
    form = (await member.click(done, "Remix")).modal
    assert form is not None
    same = await member.submit(form, {})
    assert same.message is not None
    assert await prompts_of(member, await member.see_finished(same.message)) == "a {fox|cat}"
    form = (await member.click(done, "Remix")).modal
    assert form is not None
    other = await member.submit(form, {"prompt": "a {cat|cat}"})
    assert other.message is not None
    assert await prompts_of(member, await member.see_finished(other.message)) == "a cat"


@pytest.mark.real_worker
async def test_one_quiet_hint_where_the_model_knows_few_of_the_words(bot: app.Bot, member: Member) -> None:
    member.locale = "es-ES"
    hint = "-# 💡 pocket conoce pocas de estas palabras. Prueba con otras más sencillas o en inglés."
    assert hint not in text_of(await member.imagine("a red apple", steps=1))
    assert hint in text_of(await member.imagine("un zorro rojo en la nieve", steps=1))
    assert hint not in text_of(await member.imagine("un zorro rojo en la nieve", steps=1))
