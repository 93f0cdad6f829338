"""The page API refuses unknown users; the page itself is served."""

import aiohttp

from playground import Playground


async def test_page_refuses_strangers(playground: Playground) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{playground.url}/page/state", params={"user": "1"}) as response:
            assert response.status == 403
            assert (await response.json())["message"] == "There is no such user."
        async with session.get(f"{playground.url}/") as response:
            assert (response.status, response.content_type) == (200, "text/html")
