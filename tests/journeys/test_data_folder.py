"""Two bots, one data folder."""

import pytest

from storage.data_folder import UnusableFolder
from tests.journeys.conftest import Member, Start


async def test_a_second_bot_on_the_folder_is_refused_and_the_first_one_goes_on(start: Start, member: Member) -> None:
    async with start():
        with pytest.raises(UnusableFolder, match="in use by `noisefox run`, process"):
            async with start():
                pass
        await member.imagine()
    async with start():
        await member.imagine()
