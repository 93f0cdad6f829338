import socket
from contextlib import closing
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.cli.doctor.web import web_findings
from bot.config import Config, WebConfig
from storage import data_folder


async def test_both_addresses_of_the_page_are_tried(tmp_path: Path) -> None:
    assert await web_findings(Config(data=tmp_path)) == []
    async with TestServer(web.Application()) as server:
        public = f"http://127.0.0.1:{server.port}"
        config = Config(data=tmp_path, web=WebConfig("127.0.0.1:0", public))
        assert await web_findings(config) == [
            (True, "web: the page for painting can be served at 127.0.0.1:0"),
            (True, f"web: {public} answers (404; without the bot, 502 is usual)"),
        ]
        with data_folder.owned(tmp_path, "noisefox run"):
            [here, _] = await web_findings(config)
            assert here == (None, "web: 127.0.0.1:0 is not tried, for the bot runs")


async def test_an_address_that_is_taken_and_one_that_does_not_answer(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        config = Config(data=tmp_path, web=WebConfig(address, f"http://127.0.0.1:{port}"))
        [here, public] = await web_findings(config)
    assert here[0] is public[0] is False
    assert f"can't be served at {address}" in here[1]
    assert "doesn't answer from here" in public[1]
