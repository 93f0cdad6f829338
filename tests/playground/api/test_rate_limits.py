"""Rate limit headers, 429s, and failures that a test orders."""

import aiohttp

from playground import Playground
from tests.playground.conftest import MESSAGES, Api, Clock


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
