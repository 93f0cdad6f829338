"""Everybody is spoken to in their language: a Spanish member, an English one beside them, and admins of both."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from bot import app
from bot.locales.catalogue import CatalogueError
from bot.locales.languages import FOLDER, LANGUAGES, Languages
from generation.catalogue import POCKET
from generation.settings import Sampler
from tests.fake_pool import FakePool
from tests.journeys.conftest import Member, Start, labels_of, text_of

SPANISH = ("es-ES", "es-419")


def texts_of(component: Any) -> Iterator[str]:
    """All texts of a message or a form: contents, labels, placeholders and the options of selects."""
    if isinstance(component, list):
        for each in component:
            yield from texts_of(each)
    elif isinstance(component, dict):
        for name, value in component.items():
            if name in ("content", "label", "placeholder", "title", "text") and isinstance(value, str):
                yield value
            elif name == "description" and "url" not in json.dumps(component.get("media", "")):
                yield str(value)
            else:
                yield from texts_of(value)


def words_of(component: Any) -> set[str]:
    """The words of all that is shown, but for what is the same in both languages."""
    plain = re.sub(r"`[^`]*`|\]\(\S+\)|<[^>]*>", " ", "\n".join(texts_of(component)))
    return set(re.findall(r"[a-zà-ü]{2,}", plain.lower()))


SHARED = {"km", "min", "prompt", "remix", "original", "pocket", "karras", "dpm", "sampler", "samplers", "zoom", "heun"}
SHARED |= {
    "error",
    "no",
    "clip",
    "skip",
    "spoiler",
    "float32",
    "cpu",
    "en",
    "un",
    "noir",
    "euler",
    "ddim",
    "uniform",
    "emoji",
}


async def test_a_spanish_member_reads_spanish_from_the_first_word_to_the_last(
    bot: app.Bot, pool: FakePool, member: Member, other: Member
) -> None:
    member.locale = "es-ES"
    pool.hold()
    started = await member.start("zorro", steps=60, seed=7)
    await pool.until_at_work()
    pool.step(1)
    drawing = await member.see(started, lambda each: "paso" in text_of(each) and " de 60" in text_of(each))
    assert labels_of(drawing) == ["Cancelar"]
    pool.release()
    done = await member.see_finished(started)
    assert labels_of(done) == [
        "Detalles",
        "Repetir",
        "Variar",
        "Ampliar ×2",
        "Remix",
        "Editar",
        "Variar una zona",
        "Favorita",
        "Eliminar",
        "Denunciar",
    ]
    assert "semilla 7 · 128×128 · 60 pasos · guía 5" in text_of(done)
    assert re.search(r"· \d+,\d\xa0s", text_of(done)), "a comma stands before tenths of a second"
    details = await member.click(done, "Detalles")
    assert "número 1 · pedida" in text_of(details.message or {})
    form = (await member.click(done, "Remix")).modal
    assert form is not None
    assert {"Prompt", "Prompt negativo", "Forma", "Ajustes"} <= set(texts_of(form["components"]))
    theirs = await other.press(done, "Repetir")
    assert "Re-roll of " in text_of(theirs)
    assert "Re-roll" in labels_of(theirs)


async def test_what_is_shown_in_spanish_shares_no_word_with_the_english(
    bot: app.Bot, member: Member, other: Member
) -> None:
    """A word that is the same in both languages has not been translated."""
    both = []
    for person, locale in ((other, "en-US"), (member, "es-419")):
        person.locale = locale
        await person.imagine("zorro", steps=2, count=2)
        shown: list[Any] = [person.messages()[-1]["components"]]
        for command in ("history", "queue", "settings show", "styles list", "me forget", "favourites"):
            answer = await person.looks_up(command)
            shown += [answer["content"] and {"content": answer["content"]}, answer["components"]]
        both.append(words_of(shown))
    english, spanish = both
    assert len(english - SHARED) > 50
    assert english & spanish - SHARED - {"zorro"} == set()


async def test_refusals_help_and_reactions_answer_in_spanish(
    bot: app.Bot, member: Member, other: Member, admin: Member
) -> None:
    member.locale, admin.locale = "es-ES", "es-419"
    theirs = await other.imagine("a boat")
    await member.imagine("zorro", steps=2)
    refusal = await member.asks("imagine", prompt="zorro --cfg 99")
    assert refusal["content"] == "Escala de guía: tiene que estar entre 1 y 30, no 99."
    assert "**/imaginar** dibuja lo que describes" in (await member.asks("help"))["content"]
    await member.react(theirs, "❌")
    await member.wait_for(lambda each: "Solo puede hacerlo quien la pidió" in each["content"])
    overview = await admin.slash("server show")
    assert "Reglas para" in text_of(overview.message or {})
    member_asks = await member.slash("imagine", {"prompt": "{a, b, c} zorro {d, e, f}"})
    assert "Esto hace 9 peticiones" in text_of(member_asks.message or {})


async def test_a_restart_does_not_change_the_language_of_a_message(
    start: Start, pool: FakePool, member: Member
) -> None:
    member.locale = "es-ES"
    pool.hold()
    async with start():
        waiting = await member.start("zorro", steps=150)
        await pool.until_at_work()
        pool.step(1)
        await member.see(waiting, lambda each: "de 150" in text_of(each))
    pool.release()
    async with start():
        done = await member.see_finished(waiting)
        assert "Repetir" in labels_of(done)
        assert "150 pasos" in text_of(done)


async def test_every_command_is_told_to_discord_in_three_languages(bot: app.Bot, admin: Member) -> None:
    def named(item: dict[str, Any], path: str) -> Iterator[str]:
        for field in ("name", "description"):
            known = item.get(f"{field}_localizations") or {}
            if item.get(field) and item[field] not in list(Sampler) and set(known) != set(SPANISH):
                yield f"{path} {item['name']}: {field}"
        for part in (*item.get("options", []), *item.get("choices", [])):
            yield from named(part, f"{path} {item['name']}")

    assert len(admin.commands) > 15
    assert [missing for command in admin.commands for missing in named(command, "")] == []


POLISH = """
msgid ""
msgstr "Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);"

msgctxt "name"
msgid "imagine"
msgstr "wyobraź"

msgid "Draw a picture from your prompt."
msgstr "Narysuj obraz według promptu."

msgid "{n} step"
msgid_plural "{n} steps"
msgstr[0] "{n} krok"
msgstr[1] "{n} kroki"
msgstr[2] "{n} kroków"

msgid "Re-roll"
msgstr "Powtórz"
"""


async def test_a_third_language_is_one_file(
    start: Start, member: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogues = copytree(FOLDER, tmp_path / "locales")
    (catalogues / "pl.po").write_text(POLISH, "utf-8")
    monkeypatch.setattr(LANGUAGES, "translated", Languages(catalogues).translated)
    member.locale = "pl"
    async with start():
        for steps, words in ((2, "2 kroki"), (5, "5 kroków")):
            done = await member.imagine("lis", steps=steps)
            assert f" · {words} · " in text_of(done)
        assert re.search(r"· \d+,\d\xa0s", text_of(done)), "a comma stands before tenths of a second"
        assert labels_of(done)[:3] == ["Details", "Powtórz", "Vary"], "what is not translated yet is in English"
        [command] = [each for each in member.commands if each["name"] == "imagine"]
        assert command["name_localizations"] == {"es-419": "imaginar", "es-ES": "imaginar", "pl": "wyobraź"}
        assert command["description_localizations"]["pl"] == "Narysuj obraz według promptu."
        member.locale = "es-ES"
        assert "Repetir" in labels_of(await member.imagine("zorro", steps=2))


async def test_a_damaged_catalogue_ends_the_start_with_one_sentence(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pl.po").write_text('msgid "Re-roll"\nmsgtsr "Powtórz"\n', "utf-8")
    monkeypatch.setattr(LANGUAGES, "_folder", tmp_path)
    monkeypatch.delitem(vars(LANGUAGES), "translated", raising=False)
    with pytest.raises(CatalogueError, match=r"^Repair or remove \S+pl\.po, which can't be read: .+\.$"):
        async with start():
            pass


async def test_all_settings_that_one_can_have_fit_the_answer(start: Start, member: Member) -> None:
    names = [f"un_modelo_de_nombre_muy_largo_{number}" for number in range(12)]
    models = (POCKET, *(replace(POCKET, name=name) for name in names))
    member.locale = "es-ES"
    async with start(models=models):
        await member.asks("settings suffix", text="luz * suave, " * 37)
        await member.asks("settings notify", by="reply")
        await member.asks("settings model", name=names[0])
        everything = {
            "negative": "manos, *pies*, " * 20,
            "steps": 40,
            "guidance": 6.5,
            "sampler": "DPM++ 2M SDE Karras",
        }
        everything |= {"clip_skip": 2, "width": 512, "height": 768, "count": 4}
        for name in [*names, None]:
            await member.asks("settings defaults", **everything, **({"model": name} if name else {}))
        shown = await member.asks("settings show")
    assert len(shown["content"]) <= 2000
    assert "una respuesta que te menciona" in shown["content"]
    assert re.search(r"-# y \d+ más$", shown["content"])
