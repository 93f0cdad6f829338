"""Uploads and malformed request bodies."""

import pytest

from tests.playground.builders import multipart
from tests.playground.conftest import MESSAGES, Api

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
    got, answer, _ = await api("POST", MESSAGES, data=multipart(sizes))
    assert (got, answer.get("code")) == (status, code)


async def test_bad_requests(api: Api) -> None:
    headers = {"Content-Type": "application/json"}
    status, answer, _ = await api("POST", MESSAGES, data=b"{", headers=headers)
    assert (status, answer["code"]) == (400, 50109)
    status, answer, _ = await api("POST", MESSAGES, ["x"])
    assert (status, answer["code"]) == (400, 50035)
    status, answer, _ = await api("GET", "/users/@me", headers={"Authorization": "Bot wrong"})
    assert (status, answer["message"]) == (401, "401: Unauthorized")
