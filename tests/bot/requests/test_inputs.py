"""How many given pictures are in memory at the same time, and whose."""

import asyncio
from collections import Counter
from typing import Any

from bot.requests.inputs import PictureReader
from tests.fake_vision import FakeVision


class Decoders:
    """Decoders that hold every file until they are told to go on."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.at_once: Counter[str] = Counter()
        self.most_of_one = self.most = 0

    async def tidied(self, data: bytes) -> tuple[bytes, tuple[int, int], str, str]:
        await self.go_on.wait()
        self.at_once[data.decode()] -= 1
        return data, (8, 8), "", ""

    async def fetched(self, url: str) -> bytes:
        self.at_once[url] += 1
        self.most_of_one = max(self.most_of_one, *self.at_once.values())
        self.most = max(self.most, self.at_once.total())
        return url.encode()


async def test_two_people_have_one_file_each_in_memory_and_the_others_wait() -> None:
    decoders: Any = Decoders()
    pictures = PictureReader(decoders, decoders.fetched, FakeVision())

    async def blended(user_id: int) -> int:
        async with pictures.turn_of(user_id):
            return len(await pictures.read([str(user_id)] * 4))

    asked = [asyncio.create_task(blended(user_id)) for user_id in (1, 1, 1, 2, 2, 3, 3)]
    while decoders.most < 2:
        await asyncio.sleep(0)
    assert decoders.at_once == {"1": 1, "2": 1}, "one person has no two decoders"
    decoders.go_on.set()
    assert await asyncio.gather(*asked) == [4] * 7
    assert (decoders.most_of_one, decoders.most) == (1, 2)


async def test_whoever_stops_waiting_for_a_turn_leaves_it_to_others() -> None:
    decoders: Any = Decoders()
    decoders.go_on.set()
    pictures = PictureReader(decoders, decoders.fetched, FakeVision())
    async with pictures.turn_of(1), pictures.turn_of(2):
        waiting = [asyncio.create_task(_turn(pictures, user_id)) for user_id in (1, 3)]
        await asyncio.sleep(0)
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    async with pictures.turn_of(1), pictures.turn_of(3):
        assert len(await pictures.read(["1"])) == 1


async def _turn(pictures: PictureReader, user_id: int) -> None:
    async with pictures.turn_of(user_id):
        raise AssertionError("its turn never comes")
