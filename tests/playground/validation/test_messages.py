"""Messages that Discord rejects, and the largest that it accepts."""

from typing import Any

import pytest

from playground.errors import Json
from tests.playground.builders import V2, button, has_error_at, row, select, text
from tests.playground.conftest import MESSAGES, Api


def gallery(count: int, **changed: Any) -> Json:
    return {"type": 12, "items": [{"media": {"url": "https://example.org/a.png"}} | changed] * count}


def container(*components: Json) -> Json:
    return {"type": 17, "components": list(components)}


def embed_with(**fields: Any) -> Json:
    return {"embeds": [fields]}


def field(name: str, value: str) -> Json:
    return {"name": name, "value": value}


BAD_MESSAGES: list[tuple[str, Json, str]] = [
    ("long content", {"content": "x" * 2001}, "content"),
    ("unknown field", {"content": "x", "colour": 1}, "colour"),
    ("content of the wrong type", {"content": 5}, "content"),
    ("eleven embeds", {"embeds": [{"title": "x"}] * 11}, "embeds"),
    ("empty embed", embed_with(color=1), "embeds.0"),
    ("embed title", embed_with(title="x" * 257), "embeds.0.title"),
    ("embed description", embed_with(description="x" * 4097), "embeds.0.description"),
    ("26 fields", embed_with(fields=[field("a", "b")] * 26), "embeds.0.fields"),
    ("empty field name", embed_with(fields=[field("", "b")]), "embeds.0.fields.0.name"),
    ("empty field value", embed_with(fields=[field("a", " ")]), "embeds.0.fields.0.value"),
    ("long field name", embed_with(fields=[field("a" * 257, "b")]), "embeds.0.fields.0.name"),
    ("long field value", embed_with(fields=[field("a", "b" * 1025)]), "embeds.0.fields.0.value"),
    ("footer", embed_with(title="x", footer={"text": "x" * 2049}), "embeds.0.footer.text"),
    ("embed total", {"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]}, "embeds"),
    ("embed picture", embed_with(image={"url": "ftp://x/y.png"}), "embeds.0.image.url"),
    ("embed colour", embed_with(title="x", color=1 << 24), "embeds.0.color"),
    ("embed time", embed_with(title="x", timestamp="yesterday"), "embeds.0.timestamp"),
    ("six rows", {"components": [row(button(custom_id=str(n))) for n in range(6)]}, "components"),
    ("six buttons", {"components": [row(*(button(custom_id=str(n)) for n in range(6)))]}, "components.0.components"),
    ("empty row", {"components": [row()]}, "components.0.components"),
    ("button outside a row", {"components": [button()]}, "components.0.type"),
    ("duplicate custom_id", {"components": [row(button(), button())]}, "components"),
    ("duplicate id", {"components": [row(button(id=5), button(id=5, custom_id="b"))]}, "components"),
    ("button label", {"components": [row(button(label="x" * 81))]}, "components.0.components.0.label"),
    ("no label, no emoji", {"components": [row(button(label=None))]}, "components.0.components.0"),
    ("custom_id", {"components": [row(button(custom_id="x" * 101))]}, "components.0.components.0.custom_id"),
    ("no custom_id", {"components": [row(button(custom_id=None))]}, "components.0.components.0.custom_id"),
    ("link without url", {"components": [row(button(style=5, custom_id=None))]}, "components.0.components.0.url"),
    ("link with custom_id", {"components": [row(button(style=5, url="https://x.org"))]}, "components.0.components.0"),
    ("button emoji", {"components": [row(button(emoji={"name": "fox"}))]}, "components.0.components.0.emoji.name"),
    ("26 options", {"components": [row(select(26))]}, "components.0.components.0.options"),
    ("no options", {"components": [row(select(0))]}, "components.0.components.0.options"),
    ("same option", {"components": [row(select(1, options=[{"label": "a", "value": "a"}] * 2))]}, "components"),
    ("min over max", {"components": [row(select(3, min_values=3, max_values=2))]}, "components"),
    ("select and button", {"components": [row(select(), button())]}, "components.0.components"),
    ("V2 without the flag", {"components": [text("x")]}, "components.0.type"),
    ("content beside V2", {"flags": V2, "content": "x", "components": [text("x")]}, "content"),
    ("embeds beside V2", {"flags": V2, "embeds": [{"title": "x"}], "components": [text("x")]}, "embeds"),
    ("41 components", {"flags": V2, "components": [container(*[text("x")] * 20)] * 2}, "components"),
    ("4,001 characters", {"flags": V2, "components": [text("x" * 2001), text("x" * 2000)]}, "components"),
    ("11 pictures", {"flags": V2, "components": [gallery(11)]}, "components.0.items"),
    ("no pictures", {"flags": V2, "components": [gallery(0)]}, "components.0.items"),
    ("alt text", {"flags": V2, "components": [gallery(1, description="x" * 1025)]}, "components.0.items.0.description"),
    (
        "container in container",
        {"flags": V2, "components": [container(container(text("x")))]},
        "components.0.components",
    ),
    ("lost attachment", {"flags": V2, "components": [gallery(1, media={"url": "attachment://a.png"})]}, "components"),
    (
        "section without accessory",
        {"flags": V2, "components": [{"type": 9, "components": [text("x")]}]},
        "components.0",
    ),
    ("unknown attachment", {"content": "x", "attachments": [{"id": 3}]}, "attachments.0.id"),
    ("mentions", {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}, "allowed_mentions"),
    ("mention kind", {"content": "x", "allowed_mentions": {"parse": ["all"]}}, "allowed_mentions.parse.0"),
    ("reply to nothing", {"content": "x", "message_reference": {"message_id": "1"}}, "message_reference"),
    ("nonce", {"content": "x", "nonce": "1" * 26}, "nonce"),
]


@pytest.mark.parametrize(("body", "path"), [case[1:] for case in BAD_MESSAGES], ids=[case[0] for case in BAD_MESSAGES])
async def test_bad_messages(api: Api, body: Json, path: str) -> None:
    status, answer, _ = await api("POST", MESSAGES, body)
    assert (status, answer["code"], answer["message"]) == (400, 50035, "Invalid Form Body")
    assert has_error_at(answer, path), answer


@pytest.mark.parametrize(
    "body", [{}, {"content": " \n"}, {"flags": V2}, {"embeds": []}, {"flags": V2, "components": []}]
)
async def test_empty_messages(api: Api, body: Json) -> None:
    status, answer, _ = await api("POST", MESSAGES, body)
    assert (status, answer["code"]) == (400, 50006)


@pytest.mark.parametrize(
    "body",
    [
        {"flags": "x"},
        {"flags": V2, "components": 5},
        {"flags": V2, "components": [5]},
        {"flags": V2, "components": [{"type": 17, "components": [5]}]},
        {"flags": V2, "components": [{"type": 17, "components": 5}]},
        {"flags": V2, "components": [{"type": [], "components": 5}]},
        {"components": {"type": 1}},
        {"content": "x", "attachments": [5]},
        {"content": "x", "attachments": 5},
        {"content": "x", "embeds": ["x"]},
        {"content": "x", "embeds": [{"image": "x"}]},
        {"content": "x", "allowed_mentions": []},
        {"content": "x", "message_reference": 5},
    ],
)
async def test_malformed_messages(api: Api, body: Json) -> None:
    status, answer, _ = await api("POST", MESSAGES, body)
    assert (status, answer["code"]) == (400, 50035)


async def test_largest_messages_that_pass(api: Api) -> None:
    embeds = [{"description": "x" * 4096}, {"description": "x" * 1904}]
    rows = [row(*(button(custom_id=f"{a}{b}") for b in range(5))) for a in range(5)]
    for body in (
        {"content": "x" * 2000, "embeds": embeds, "components": rows},
        {"flags": V2, "components": [container(*[text("x" * 100)] * 38), text("x" * 200)]},
        {"flags": V2, "components": [gallery(10, description="x" * 1024, spoiler=True)]},
    ):
        status, answer, _ = await api("POST", MESSAGES, body)
        assert status == 200, answer


async def test_the_v2_flag_stays(api: Api) -> None:
    _, message, _ = await api("POST", MESSAGES, {"flags": V2, "components": [text("x")]})
    path = f"{MESSAGES}/{message['id']}"
    _, edited, _ = await api("PATCH", path, {"flags": 0})
    assert edited["flags"] == V2
    status, answer, _ = await api("PATCH", path, {"content": "x"})
    assert (status, answer["code"]) == (400, 50035)
    _, plain, _ = await api("POST", MESSAGES, {"content": "x"})
    path = f"{MESSAGES}/{plain['id']}"
    status, answer, _ = await api("PATCH", path, {"flags": V2, "components": [text("x")]})
    assert (status, answer["code"]) == (400, 50035)
    status, answer, _ = await api("PATCH", path, {"flags": V2, "content": None, "components": [text("x")]})
    assert (status, answer["flags"]) == (200, V2)
