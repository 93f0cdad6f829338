"""A pool of ComfyUI servers: what becomes of jobs, and what servers are told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from generation.catalogue import ModelSpec
from generation.comfy_pool import ComfyPool, name_of
from generation.errors import FailureKind
from generation.events import Cancelled, Completed, Failed, Progress
from generation.infotext import from_infotext
from generation.jobs import Draw, Inputs, Job, Manner, Upscale
from generation.pool import Lost, WorkersChanged
from generation.settings import GenerationSettings, Sampler
from generation.upscaling import UpscalerName
from tests.comfy import WORKFLOWS, workflow
from tests.comfy.stand_in import UNKNOWN, StandIn
from tests.generation.test_pool_contract import Heard

MODELS = [ModelSpec(each.stem, str(each)) for each in sorted(WORKFLOWS.glob("*.json"))]

SETTINGS = GenerationSettings(
    prompt="a fox", seed=7, model="sd15", width=64, height=128, steps=4, guidance_scale=2.0, sampler=Sampler.OWN
)

OTHERS = {"1": {"class_type": "KSampler", "inputs": {"seed": 1, "steps": 3}}}
"""A prompt of somebody else."""


@pytest.fixture
async def server() -> AsyncIterator[StandIn]:
    async with StandIn() as server:
        yield server


class Opened(Heard):
    """A pool whose events are noted."""

    def __init__(self, pool: ComfyPool) -> None:
        super().__init__(pool)
        self.pool = pool
        self.next_try = asyncio.Event()

    async def ending(self, task: Draw | Upscale, job_id: int = 1) -> Any:
        """Do a job; how it ends."""
        await self.pool.submit(Job(job_id, "owner", task))
        await self.until_ended(job_id)
        [ending] = self.endings(job_id)
        return ending


@asynccontextmanager
async def opened(
    *addresses: str, models: list[ModelSpec] = MODELS, step_seconds: float = 30.0
) -> AsyncIterator[Opened]:
    """A pool that waits for no time to pass before it connects again."""
    async with ComfyPool(
        addresses, models, max_pictures=2, step_seconds=step_seconds, sleep=lambda _: asyncio.sleep(0.005)
    ) as pool:
        heard = Opened(pool)
        listening = asyncio.create_task(heard.listen())
        yield heard
        listening.cancel()


@pytest.fixture
async def heard(server: StandIn) -> AsyncIterator[Opened]:
    async with opened(server.address) as heard:
        yield heard


def image(colour: str, size: tuple[int, int] = (64, 128)) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.002)


async def test_a_picture_has_our_settings_inside_and_nothing_of_the_workflow(server: StandIn, heard: Opened) -> None:
    ended = await heard.ending(Draw(replace(SETTINGS, prompt="a fox, 8k")))
    assert isinstance(ended, Completed)
    assert ended.circumstances == "ComfyUI 0.8.0 cpu"
    with Image.open(BytesIO(ended.pictures[0].png)) as drawn:
        assert [*drawn.info] == ["parameters"]
        assert from_infotext(drawn.info["parameters"]) == replace(SETTINGS, prompt="a fox, 8k")
        assert drawn.size == (64, 128)
    assert server.history == {}, "it is no longer known there"


async def test_each_picture_has_a_prompt_and_a_seed_of_its_own(server: StandIn, heard: Opened) -> None:
    await heard.ending(Draw(replace(SETTINGS, count=3)))
    assert [each["3"]["inputs"]["seed"] for each in server.prompts] == [7, 8, 9]
    assert heard.steps(1) == [1, 2, 3, 4]
    previews = [each.previews for each in heard.events if isinstance(each, Progress)]
    assert [len(each) for each in previews] == [3] * 4
    assert any(preview.decoded for preview in previews[-1])


async def test_a_start_picture_and_its_mask_are_one_file_where_the_workflow_reads_transparency(
    server: StandIn, heard: Opened
) -> None:
    mask = Image.new("L", (64, 128))
    mask.paste(255, (0, 0, 32, 128))
    file = BytesIO()
    mask.save(file, "PNG")
    inputs = Inputs(image=image("red"), mask=file.getvalue())
    assert isinstance(await heard.ending(Draw(replace(SETTINGS, model="inpaint"), inputs)), Completed)
    [(name, stored)] = server.uploads.items()
    assert server.prompts[0]["10"]["inputs"]["image"] == name
    given = Image.open(BytesIO(stored))
    assert (given.getpixel((0, 0)), given.getpixel((63, 0))) == ((255, 0, 0, 0), (255, 0, 0, 255))


async def test_a_mask_of_its_own_means_the_same_in_colours_and_in_transparency(server: StandIn, tmp_path: Path) -> None:
    changed = json.loads(Path(workflow("inpaint")).read_text())
    changed["20"] = {"class_type": "LoadImageMask", "inputs": {"image": "mask.png", "channel": "alpha"}}
    changed["21"] = {"class_type": "InvertMask", "inputs": {"mask": ["20", 0]}}
    changed["11"]["inputs"]["mask"] = ["21", 0]
    (tmp_path / "masked.json").write_text(json.dumps(changed))
    async with opened(server.address, models=[ModelSpec("masked", str(tmp_path / "masked.json"))]) as heard:
        await heard.ending(Draw(replace(SETTINGS, model="masked"), Inputs(image=image("red"))))
    stored = server.uploads[server.prompts[0]["20"]["inputs"]["image"]]
    assert Image.open(BytesIO(stored)).getpixel((9, 9)) == (0, 0, 0, 255), "all is drawn, and the workflow inverts it"


async def test_a_cancel_takes_a_waiting_prompt_out_and_leaves_that_of_somebody_else(
    server: StandIn, heard: Opened
) -> None:
    server.free.clear()
    others = server.draw_for_another(OTHERS)
    await until(lambda: server.running)
    await heard.pool.submit(Job(1, "owner", Draw(SETTINGS)))
    await until(lambda: server.queue)
    [(ours, *_)] = server.queue
    await heard.pool.cancel(1)
    await heard.until_ended(1)
    assert heard.endings(1) == [Cancelled(1)]
    assert (server.deleted, server.interrupted) == ([ours], [])
    server.free.set()
    await until(lambda: others in server.history)


async def test_a_cancel_interrupts_only_a_prompt_of_ours(server: StandIn, heard: Opened) -> None:
    server.free.clear()
    await heard.pool.submit(Job(1, "owner", Draw(SETTINGS)))
    await until(lambda: heard.steps(1))
    ours = server.running[0] if server.running else ""
    others = server.draw_for_another(OTHERS)
    await heard.pool.cancel(1)
    await heard.until_ended(1)
    assert server.interrupted == [ours]
    server.free.set()
    await until(lambda: others in server.history)


async def test_a_job_that_is_cancelled_at_once_ends(server: StandIn, heard: Opened) -> None:
    await heard.pool.submit(Job(1, "owner", Draw(SETTINGS)))
    await heard.pool.cancel(1)
    await heard.until_ended(1)
    assert heard.endings(1) == [Cancelled(1)]
    assert not server.queue


async def test_an_interrupt_by_the_host_cancels(server: StandIn, heard: Opened) -> None:
    server.free.clear()
    await heard.pool.submit(Job(1, "owner", Draw(SETTINGS)))
    await until(lambda: heard.steps(1))
    server._interrupt.set()
    await heard.until_ended(1)
    assert heard.endings(1) == [Cancelled(1)]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"exception_type": "torch.OutOfMemoryError", "exception_message": "CUDA", "node_type": "KSampler"},
         FailureKind.OUT_OF_MEMORY),
        ({"exception_type": "RuntimeError", "exception_message": "bad file", "node_type": "CheckpointLoaderSimple"},
         FailureKind.MODEL_UNAVAILABLE),
        ({"exception_type": "ValueError", "exception_message": "what", "node_type": "KSampler"}, FailureKind.INTERNAL),
        ({}, FailureKind.INTERNAL),
    ],
)  # fmt: skip
async def test_an_error_while_drawing_has_a_reason(
    server: StandIn, heard: Opened, error: dict[str, str], kind: FailureKind
) -> None:
    server.error = error
    ended = await heard.ending(Draw(SETTINGS))
    assert isinstance(ended, Failed)
    assert ended.kind is kind
    assert error.get("exception_message", "node") in ended.detail


async def test_a_missing_model_and_a_missing_node_are_named_for_the_host(server: StandIn, tmp_path: Path) -> None:
    changed = json.loads(Path(workflow("sd15")).read_text())
    changed["8"]["class_type"] = UNKNOWN
    (tmp_path / "node.json").write_text(json.dumps(changed))
    models = [*MODELS, ModelSpec("node", str(tmp_path / "node.json")), ModelSpec("gone", "gone.json")]
    async with opened(server.address, models=models) as heard:
        failures = [
            await heard.ending(Draw(replace(SETTINGS, model=name)), job_id)
            for job_id, name in enumerate(("sdxl", "node", "gone", "nobody's"), start=1)
        ]
    assert [each.kind for each in failures] == [FailureKind.MODEL_UNAVAILABLE] * 4
    assert "ckpt_name: 'sdxl.safetensors'" in failures[0].detail
    assert f"node {UNKNOWN} does not exist" in failures[1].detail
    assert "gone.json can't be read" in failures[2].detail


async def test_what_comfyui_cannot_do_fails_with_its_own_reason(heard: Opened) -> None:
    small = image("red", (64, 64))
    tasks: list[Draw | Upscale] = [
        Draw(SETTINGS, check=True),
        Draw(SETTINGS, explained=True),
        Upscale(SETTINGS, small, manner=Manner.CREATIVE),
        Upscale(SETTINGS, small, upscaler=UpscalerName.REAL_ESRGAN),
    ]
    kinds = [(await heard.ending(task, number)).kind for number, task in enumerate(tasks)]
    assert kinds == [
        FailureKind.CHECKER_UNAVAILABLE,
        FailureKind.UNSUITABLE,
        FailureKind.UNSUITABLE,
        FailureKind.UPSCALER_UNAVAILABLE,
    ]


async def test_an_upscale_keeps_the_settings_inside(heard: Opened) -> None:
    drawn = await heard.ending(Draw(SETTINGS))
    larger = await heard.ending(Upscale(SETTINGS, drawn.pictures[0].png), 2)
    assert (larger.pictures[0].width, larger.pictures[0].height, larger.upscaler) == (128, 256, "Lanczos")
    with Image.open(BytesIO(larger.pictures[0].png)) as picture:
        assert "Postprocess upscaler: Lanczos" in picture.info["parameters"]


async def test_a_dropped_connection_loses_nothing(server: StandIn, heard: Opened) -> None:
    server.free.clear()
    await heard.pool.submit(Job(1, "owner", Draw(SETTINGS)))
    await until(lambda: heard.steps(1))
    await server.drop()
    server.free.set()
    await heard.until_ended(1)
    assert isinstance(heard.endings(1)[0], Completed)
    assert len(server.prompts) == 1
    assert [each for each in heard.events if isinstance(each, WorkersChanged)] == [WorkersChanged()]


async def test_a_server_that_goes_away_loses_its_jobs_and_is_a_worker_again_when_it_is_back(
    server: StandIn, heard: Opened
) -> None:
    server.free.clear()
    await heard.pool.submit(Job(1, "owner", Draw(SETTINGS)))
    await until(lambda: heard.steps(1))
    await server.go()
    await heard.until_ended(1)
    assert heard.endings(1) == [Lost(1)]
    assert not heard.pool.workers
    await heard.pool.submit(Job(2, "owner", Draw(SETTINGS)))
    await heard.until_ended(2)
    assert heard.endings(2) == [Lost(2)]
    server.free.set()
    await server.come()
    await until(lambda: heard.pool.workers)
    assert isinstance(await heard.ending(Draw(SETTINGS), 3), Completed)


async def test_a_job_that_takes_two_servers_down_fails(server: StandIn, heard: Opened) -> None:
    for _ in range(2):
        server.free.clear()
        await heard.pool.submit(Job(1, "owner", Draw(SETTINGS)))
        await until(lambda: server.running)
        await until(lambda: heard.steps(1))
        await server.go()
        before = len(heard.endings(1))
        await heard.until_ended_more_often(1, before)
        await server.come()
        await until(lambda: heard.pool.workers)
    await until(lambda: len(heard.endings(1)) == 2)
    assert [type(each) for each in heard.endings(1)] == [Lost, Failed]


async def test_a_prompt_that_says_nothing_for_too_long_is_stopped_and_lost(server: StandIn) -> None:
    async with opened(server.address, step_seconds=0.05) as heard:
        server.free.clear()
        assert isinstance(await heard.ending(Draw(replace(SETTINGS, steps=1))), Lost)
        assert len(server.interrupted) == 1


async def test_a_prompt_waits_for_those_of_others_however_long_they_take(server: StandIn) -> None:
    async with opened(server.address, step_seconds=0.05) as heard:
        server.free.clear()
        server.draw_for_another(OTHERS)
        await heard.pool.submit(Job(1, "owner", Draw(SETTINGS)))
        await asyncio.sleep(0.2)
        server.free.set()
        await heard.until_ended(1)
        assert isinstance(heard.endings(1)[0], Completed)


async def test_two_servers_share_the_work_and_one_that_is_away_takes_none(server: StandIn) -> None:
    async with StandIn() as second, opened(server.address, second.address, "http://127.0.0.1:9") as heard:
        assert [*heard.pool.workers] == [server.name, second.name]
        for each in (server, second):
            each.free.clear()
        for job_id in (1, 2):
            await heard.pool.submit(Job(job_id, "owner", Draw(SETTINGS)))
        await until(lambda: server.running and second.running)
        for each in (server, second):
            each.free.set()
        await heard.until_ended(1, 2)


def test_a_name_tells_no_password() -> None:
    assert name_of("https://me:secret@pictures.example:8188/comfy/") == "pictures.example:8188/comfy"
