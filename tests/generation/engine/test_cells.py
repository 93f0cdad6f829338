"""A sheet: one job whose pictures are drawn by settings of their own."""

from dataclasses import replace

from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.events import Progress
from generation.jobs import Draw, Job
from generation.settings import GenerationSettings, Sampler
from tests.generation.engine.conftest import LoopDriver


def test_cells_of_any_size_are_what_each_draws_by_itself(cache: ModelCache, apple: GenerationSettings) -> None:
    driver = LoopDriver(cache, BatchSizing(8, strict=True))
    short = replace(apple, steps=2)
    cells = (
        short,
        replace(short, prompt="a cat", steps=3),
        replace(short, width=160, seed_width=128, seed_height=128),
        replace(short, seed=8, sampler=Sampler.HEUN, guidance_scale=1.0),
    )
    driver.loop.admit(Job(1, "teacher", Draw(apple, cells=cells)))
    driver.run()
    for number, each in enumerate(cells, start=2):
        driver.admit(number, each)
    driver.run()
    sheet = driver.completed(1).pictures
    assert sheet == tuple(driver.completed(number).pictures[0] for number in range(2, 6))
    assert [(each.seed, each.width, each.height) for each in sheet] == [
        (each.seed, each.width, each.height) for each in cells
    ]


def test_the_steps_of_all_cells_are_counted(driver: LoopDriver, apple: GenerationSettings) -> None:
    cells = replace(apple, steps=1), replace(apple, steps=3), replace(apple, steps=2, width=64, height=64)
    driver.loop.admit(Job(1, "teacher", Draw(apple, cells=cells)))
    driver.run()
    told = [event for event in driver.of(1) if isinstance(event, Progress)]
    assert {event.steps for event in told} == {6}
    steps = [event.step for event in told]
    assert steps == sorted(steps)
    assert {len(event.previews) for event in told} == {3}
