"""Sheets: requests whose pictures have settings of their own."""

from dataclasses import replace

from generation.settings import GenerationSettings, Sampler, Schedule
from storage.generations import Generations
from storage.records import Action, Lineage, Origin
from tests.saved import saved

ORIGIN = Origin("interaction:1", user_id=1, channel_id=2, message_id=3, guild_id=4)


async def test_cells_come_back_as_they_were(generations: Generations, apple: GenerationSettings) -> None:
    cells = (
        apple,
        replace(apple, prompt="a cute fox 🦊", width=160, seed_width=128, seed_height=96),
        replace(apple, sampler=Sampler.HEUN, schedule=Schedule.BETA, guidance_scale=1.5),
    )
    sheet = await saved(generations, ORIGIN, apple, Lineage(Action.SEED), cells=cells)
    assert sheet.cells == cells
    [unfinished] = await generations.lease(alone=True)
    assert unfinished.cells == cells
    plain = await saved(generations, replace(ORIGIN, key="interaction:2"), apple, Lineage())
    assert plain.cells == ()
