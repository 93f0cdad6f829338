"""Sheets: requests whose pictures have settings of their own."""

from dataclasses import replace
from datetime import UTC, datetime

from generation.settings import GenerationSettings, Sampler, Schedule
from storage.generations import Generations
from storage.records import Action, Lineage, Origin

ORIGIN = Origin("interaction:1", user_id=1, channel_id=2, message_id=3, guild_id=4)


async def test_cells_come_back_as_they_were(generations: Generations, apple: GenerationSettings) -> None:
    cells = (
        apple,
        replace(apple, prompt="a cute fox 🦊", width=160, seed_width=128, seed_height=96),
        replace(apple, sampler=Sampler.HEUN, schedule=Schedule.BETA, guidance_scale=1.5),
    )
    saved = await generations.add(ORIGIN, apple, Lineage(Action.SEED), cells=cells)
    assert saved.cells == cells
    [unfinished] = await generations.interrupted()
    assert unfinished.cells == cells
    plain = await generations.add(replace(ORIGIN, key="interaction:2"), apple, Lineage())
    assert plain.cells == ()


async def test_every_cell_counts_against_a_budget(generations: Generations, apple: GenerationSettings) -> None:
    one = replace(apple, count=1, steps=10)
    cells = one, replace(one, steps=20), replace(one, steps=5, sampler=Sampler.HEUN)
    await generations.add(ORIGIN, one, Lineage(Action.SEED), cells=cells)
    await generations.add(replace(ORIGIN, key="interaction:2"), replace(one, count=2), Lineage())
    spent = await generations.spent(4, 1, datetime(2000, 1, 1, tzinfo=UTC))
    assert spent.steps == 10 + 20 + 2 * 5 + 2 * 10
