"""What Discord refuses, and with which status and code."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from playground import Playground
from playground.errors import ApiError, Json
from playground.state.world import BOT_ID, GENERAL_ID, GUILD_ID
from playground.validation.form import Form
from playground.validation.modals import check_modal
from tests.playground.conftest import Clock

MESSAGES = f"/channels/{GENERAL_ID}/messages"
COMMANDS = f"/applications/{BOT_ID}/commands"
V2 = 1 << 15


class Api:
    """Requests as a bot would send them, without a client library in between."""

    def __init__(self, playground: Playground, session: aiohttp.ClientSession) -> None:
        self._base = playground.api_base
        self._session = session

    async def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any, Any]:
        """Status, JSON body, headers."""
        if body is not None:
            options["json"] = body
        async with self._session.request(method, self._base + path, **options) as response:
            answer = await response.json() if response.content_type == "application/json" else None
            return response.status, answer, response.headers


@pytest.fixture
async def api(playground: Playground) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {playground.token}"}) as session:
        yield Api(playground, session)


def row(*components: Json) -> Json:
    return {"type": 1, "components": list(components)}


def button(**changed: Any) -> Json:
    return {"type": 2, "style": 1, "label": "go", "custom_id": "go"} | changed


def select(count: int = 1, **changed: Any) -> Json:
    options = [{"label": str(number), "value": str(number)} for number in range(count)]
    return {"type": 3, "custom_id": "pick", "options": options} | changed


def text(content: str) -> Json:
    return {"type": 10, "content": content}


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


def refused_at(answer: Json, path: str) -> bool:
    node = answer["errors"]
    for key in path.split("."):
        node = node.get(key, {})
    return bool(node)


@pytest.mark.parametrize(("body", "path"), [case[1:] for case in BAD_MESSAGES], ids=[case[0] for case in BAD_MESSAGES])
async def test_bad_messages(api: Api, body: Json, path: str) -> None:
    status, answer, _ = await api("POST", MESSAGES, body)
    assert (status, answer["code"], answer["message"]) == (400, 50035, "Invalid Form Body")
    assert refused_at(answer, path), answer


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


def form_with(sizes: list[int], payload: Json | None = None) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", json.dumps(payload or {}), content_type="application/json")
    for index, size in enumerate(sizes):
        form.add_field(f"files[{index}]", b"x" * size, filename=f"{index}.bin")
    return form


MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("sizes", "status", "code"),
    [
        ([10 * MIB], 200, None),
        ([10 * MIB + 1], 413, 40005),
        ([9 * MIB] * 3, 413, 40005),
        ([1] * 10, 200, None),
        ([1] * 11, 400, 50035),
    ],
)
async def test_uploads(api: Api, sizes: list[int], status: int, code: int | None) -> None:
    got, answer, _ = await api("POST", MESSAGES, data=form_with(sizes))
    assert (got, answer.get("code")) == (status, code)


def command(**changed: Any) -> Json:
    return {"name": "imagine", "description": "Draws."} | changed


def option(**changed: Any) -> Json:
    return {"type": 3, "name": "prompt", "description": "What to draw."} | changed


def with_options(*options: Json) -> Json:
    return command(options=list(options))


CHOICE = {"name": "a", "value": "a"}
BAD_COMMANDS: list[tuple[str, list[Json], str]] = [
    ("upper case", [command(name="Imagine")], "0.name"),
    ("blank in name", [command(name="to imagine")], "0.name"),
    ("long name", [command(name="x" * 33)], "0.name"),
    ("no description", [command(description=None)], "0.description"),
    ("empty description", [command(description="")], "0.description"),
    ("long description", [command(description="x" * 101)], "0.description"),
    ("duplicates", [command(), command()], "1.name"),
    ("unknown field", [command(colour=1)], "0.colour"),
    ("menu with description", [{"type": 3, "name": "Read", "description": "x"}], "0.description"),
    ("menu with options", [{"type": 2, "name": "Read", "options": [option()]}], "0.options"),
    ("26 options", [with_options(*(option(name=f"o{n}") for n in range(26)))], "0.options"),
    ("option name", [with_options(option(name="Prompt"))], "0.options.0.name"),
    ("option description", [with_options(option(description=""))], "0.options.0.description"),
    ("same option", [with_options(option(), option())], "0.options.1.name"),
    ("required last", [with_options(option(), option(name="b", required=True))], "0.options.1.required"),
    ("both", [with_options(option(autocomplete=True, choices=[CHOICE]))], "0.options.0"),
    ("26 choices", [with_options(option(choices=[CHOICE] * 26))], "0.options.0.choices"),
    ("same choice", [with_options(option(choices=[CHOICE] * 2))], "0.options.0.choices.1.name"),
    ("choice value", [with_options(option(type=4, choices=[CHOICE]))], "0.options.0.choices.0.value"),
    ("choices of a user", [with_options(option(type=6, choices=[CHOICE]))], "0.options.0"),
    ("min over max", [with_options(option(type=4, min_value=3, max_value=2))], "0.options.0.min_value"),
    ("length of a number", [with_options(option(type=4, max_length=2))], "0.options.0.max_length"),
    ("group in sub-command", [with_options(option(type=1, options=[option(type=2)]))], "0.options.0.options.0.type"),
    ("mixed", [with_options(option(type=1), option(name="b"))], "0.options"),
    ("locale", [command(name_localizations={"es": "x"})], "0.name_localizations.es"),
    (
        "8,000 characters",
        [
            with_options(
                *(
                    option(name=f"o{n}", choices=[{"name": f"{i}" * 90, "value": "v" * 90} for i in range(3)])
                    for n in range(20)
                )
            )
        ],
        "0",
    ),
]


@pytest.mark.parametrize(("body", "path"), [case[1:] for case in BAD_COMMANDS], ids=[case[0] for case in BAD_COMMANDS])
async def test_bad_commands(api: Api, body: list[Json], path: str) -> None:
    status, answer, _ = await api("PUT", COMMANDS, body)
    assert (status, answer["code"]) == (400, 50035)
    assert refused_at(answer, path), answer


async def test_how_many_commands(api: Api) -> None:
    slash = [command(name=f"c{number}") for number in range(101)]
    menus = [{"type": 3, "name": f"Menu {number}"} for number in range(16)]
    for commands in (slash, menus):
        status, answer, _ = await api("PUT", COMMANDS, commands)
        assert (status, answer["code"]) == (400, 30032)
    status, answer, _ = await api("PUT", COMMANDS, slash[:100] + menus[:15])
    assert (status, len(answer)) == (200, 115)
    assert answer[100]["description"] == ""


async def test_commands_one_by_one(api: Api) -> None:
    base = f"/applications/{BOT_ID}/guilds/{GUILD_ID}/commands"
    status, made, _ = await api("POST", base, command())
    assert status == 201
    status, again, _ = await api("POST", base, command(description="Draws more."))
    assert (status, again["id"]) == (200, made["id"])
    path = f"{base}/{made['id']}"
    _, edited, _ = await api("PATCH", path, {"description": "Draws less."})
    assert (edited["name"], edited["description"], edited["guild_id"]) == ("imagine", "Draws less.", str(GUILD_ID))
    assert (await api("DELETE", path))[0] == 204
    status, answer, _ = await api("GET", path)
    assert (status, answer["code"]) == (404, 10063)


def modal(*components: Json, **changed: Any) -> Json:
    return {"custom_id": "form", "title": "Form", "components": list(components)} | changed


def label(component: Json, **changed: Any) -> Json:
    return {"type": 18, "label": "Label", "component": component} | changed


def text_input(**changed: Any) -> Json:
    return {"type": 4, "custom_id": "in", "style": 1} | changed


@pytest.mark.parametrize(
    "bad",
    [
        modal(),
        modal(*(label(text_input(custom_id=str(number))) for number in range(6))),
        modal(label(text_input()), title="x" * 46),
        modal(label(text_input()), custom_id=None),
        modal(label(text_input()), label(text_input())),
        modal(label(text_input(value="x" * 4001))),
        modal(label(text_input(max_length=4001))),
        modal(label(text_input(), label="x" * 46)),
        modal(label(text_input(), description="x" * 101)),
        modal(row(text_input())),
        modal(row(button())),
        modal(text_input()),
        modal(label({"type": 19, "custom_id": "f", "max_values": 11})),
        modal(label({"type": 21, "custom_id": "r", "options": [{"label": "a", "value": "a"}]})),
    ],
)
def test_bad_modals(bad: Json) -> None:
    form = Form()
    check_modal(bad, form)
    with pytest.raises(ApiError):
        form.raise_if_invalid()


def test_good_modal() -> None:
    form = Form()
    options = [{"label": str(number), "value": str(number)} for number in range(10)]
    check_modal(
        modal(
            label(text_input(value="x" * 4000)),
            label({"type": 19, "custom_id": "files", "min_values": 0, "max_values": 10}),
            label({"type": 21, "custom_id": "radio", "options": options}),
            label({"type": 22, "custom_id": "boxes", "options": options}),
            text("and a text"),
        ),
        form,
    )
    form.raise_if_invalid()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, 0),
        ("GET", "/channels/1", 404, 10003),
        ("GET", f"{MESSAGES}/1", 404, 10008),
        ("GET", f"{MESSAGES}/x", 400, 50035),
        ("GET", f"{MESSAGES}?limit=x", 400, 50035),
        ("GET", "/users/1", 404, 10013),
        ("GET", "/guilds/1", 404, 10004),
        ("GET", f"/guilds/{GUILD_ID}/members/1", 404, 10007),
        ("POST", "/interactions/1/x/callback", 404, 10062),
        ("POST", f"/webhooks/{BOT_ID}/x", 404, 10015),
        ("PATCH", f"/webhooks/{BOT_ID}/x/messages/@original", 404, 10015),
    ],
)
async def test_unknown_things(api: Api, method: str, path: str, status: int, code: int) -> None:
    got, answer, _ = await api(method, path, {"type": 4} if method != "GET" else None)
    assert (got, answer["code"]) == (status, code)


async def test_bad_requests(api: Api) -> None:
    headers = {"Content-Type": "application/json"}
    status, answer, _ = await api("POST", MESSAGES, data=b"{", headers=headers)
    assert (status, answer["code"]) == (400, 50109)
    status, answer, _ = await api("POST", MESSAGES, ["x"])
    assert (status, answer["code"]) == (400, 50035)
    status, answer, _ = await api("GET", "/users/@me", headers={"Authorization": "Bot wrong"})
    assert (status, answer["message"]) == (401, "401: Unauthorized")


async def test_rate_limit_headers_and_failures(playground: Playground, api: Api) -> None:
    _, _, headers = await api("POST", MESSAGES, {"content": "x"})
    _, _, later = await api("POST", MESSAGES, {"content": "x"})
    assert int(later["X-RateLimit-Remaining"]) == int(headers["X-RateLimit-Remaining"]) - 1
    assert later["X-RateLimit-Bucket"] == headers["X-RateLimit-Bucket"]
    playground.fail_next("POST", "/messages$", 429, retry_after=0.25)
    playground.fail_next("POST", "/messages$", 500, times=2)
    status, answer, headers = await api("POST", MESSAGES, {"content": "x"})
    assert (status, answer["retry_after"], headers["Via"]) == (429, 0.25, "1.1 google")
    assert [(await api("POST", MESSAGES, {"content": "x"}))[0] for _ in range(3)] == [500, 500, 200]


async def test_too_many_requests(clock: Clock) -> None:
    async with Playground(clock=clock, rate=2) as playground:
        headers = {"Authorization": f"Bot {playground.token}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            api = Api(playground, session)
            assert [(await api("GET", MESSAGES))[0] for _ in range(3)] == [200, 200, 429]


async def test_requests_are_recorded(tmp_path: Path) -> None:
    record = tmp_path / "requests.jsonl"
    async with Playground(record=record) as playground:
        headers = {"Authorization": f"Bot {playground.token}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            api = Api(playground, session)
            await api("GET", "/users/@me?x=1")
            await api("POST", MESSAGES, data=form_with([1], {"content": "x"}))
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert lines == [
        {"method": "GET", "path": "/users/@me?x=1", "content_type": "", "body": None},
        {"method": "POST", "path": MESSAGES, "content_type": "multipart/form-data", "body": {"content": "x"}},
    ]


async def test_page_refuses_strangers(playground: Playground) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{playground.url}/page/state", params={"user": "1"}) as response:
            assert response.status == 403
            assert (await response.json())["message"] == "There is no such user."
        async with session.get(f"{playground.url}/") as response:
            assert (response.status, response.content_type) == (200, "text/html")
