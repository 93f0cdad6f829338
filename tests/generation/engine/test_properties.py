"""Random arrivals, cancels and failures, with a network that costs nothing in the UNet's place."""

import inspect
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from diffusers import AutoencoderKL
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from generation import images
from generation.catalogue import POCKET, Catalogue, ModelSpec
from generation.engine.conditioning.text_encoders import Conditioning, PromptEncoder
from generation.engine.latents.previews import LatentPreview
from generation.engine.loop import StepLoop
from generation.engine.models.unet_model import UNetModel
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.engine.upscalers.base import Upscaler
from generation.engine.upscalers.lanczos import Lanczos
from generation.engine.upscalers.registry import UpscalerRegistry
from generation.engine.upscalers.tiles import Pixels
from generation.errors import ModelUnavailable
from generation.events import Cancelled, Completed, Ending, Event, Failed, Started
from generation.jobs import Draw, Inputs, Job, Manner, Task, Upscale
from generation.pictures import Picture
from generation.settings import GenerationSettings, Sampler
from generation.upscaling import UpscalerName
from tests.generation.engine import tiny
from tests.generation.engine.conftest import LoopDriver

ROWS = 4
LONGEST_SLICE = 4.0
"""Seconds of the largest forward."""
FAULTS = ("model error", "out of memory", "not finite")


@dataclass
class World:
    """A device whose clock runs a second for each latent of a forward, and what it saw."""

    dtype: torch.dtype = torch.float32
    roomy: bool = False
    """True where several models have a place in memory."""
    now: float = 0.0
    faults: list[str] = field(default_factory=list)
    """The faults of the forwards to come, one each; "" is none."""
    rows: list[tuple[object, int, str]] = field(default_factory=list)
    """Of each forward: what it was of, how many rows, and what went wrong."""

    def forward(self, model: str, latents: torch.Tensor) -> list[torch.Tensor]:
        kind = model, latents.dtype, latents.shape[1:]
        self.rows.append((kind, len(latents), self.faults[0] if self.faults else ""))
        self.now += latents[0, 0].numel() / 64
        match self.faults.pop(0) if self.faults else "":
            case "model error":
                raise RuntimeError("a kernel went wrong")
            case "out of memory":
                raise torch.OutOfMemoryError
            case "not finite":
                return [torch.full_like(latents, float("nan"))]
        return [latents * 0.1]

    def any(self, name: str, on_load: Any, in_use: Collection[str] = ()) -> UNetModel:
        return self.take(name, on_load, in_use)

    def take(self, name: str, on_load: Any, in_use: Collection[str] = ()) -> UNetModel:
        assert self.roomy or set(in_use) <= {name}
        if name == "missing":
            raise ModelUnavailable(name)
        return model_of(self, name, self.dtype)

    def has_place(self, name: str, in_use: Collection[str]) -> bool:
        return self.roomy

    def keep(self, in_use: Collection[str]) -> None:
        """Models cost nothing here."""

    def forget_idle(self) -> None:
        """Nothing is kept for later here."""

    def draws_one_job(self, _: str) -> bool:
        return False

    def in_float32(self, model: UNetModel, on_load: Any) -> UNetModel:
        on_load(0.0)
        return model_of(self, model.spec.name, torch.float32)


class SamePrompts:
    """An encoder to which all texts are one."""

    readers = ()

    def encode_pair(self, *_: object) -> tuple[Conditioning, Conditioning]:
        return (Conditioning(torch.zeros(1, 1, 1)),) * 2

    def knowing(self, _: object) -> AbstractContextManager[None]:
        return nullcontext()


class Network:
    """The UNet, whose forward is the world's."""

    config = SimpleNamespace(in_channels=4, out_channels=4, addition_embed_type=None, time_cond_proj_dim=None)

    def __init__(self, world: World, model: str) -> None:
        self._world = world
        self._model = model

    def __call__(self, latents: torch.Tensor, *_: Any, **__: Any) -> list[torch.Tensor]:
        return self._world.forward(self._model, latents)


class White:
    """An autoencoder that knows one colour."""

    config = SimpleNamespace(scaling_factor=1.0)
    dtype = torch.float32

    def encode(self, x: torch.Tensor) -> Any:
        return SimpleNamespace(latents=torch.ones((1, 4, x.shape[-2] // 8, x.shape[-1] // 8)))

    def decode(self, z: torch.Tensor, **_: Any) -> list[torch.Tensor]:
        return [torch.ones((1, 3, z.shape[-2] * 8, z.shape[-1] * 8))]


class Enlargers:
    """Lanczos, a second a tile."""

    def __init__(self, world: World) -> None:
        self._world = world

    def take(self, wanted: UpscalerName, model: str) -> Upscaler:
        return Enlarger(self._world)


class Enlarger(Lanczos):
    def __init__(self, world: World) -> None:
        self._world = world

    def enlarge(self, tile: Pixels, factor: int) -> Pixels:
        self._world.now += 1
        return super().enlarge(tile, factor)


def model_of(world: World, name: str, dtype: torch.dtype) -> UNetModel:
    """A real `Model` around networks that cost nothing."""
    return UNetModel(
        spec=replace(POCKET, name=name, source=f"/nowhere/{name}"),
        weights=Path("/nowhere", name),
        hash="0123456789",
        prompts=cast(PromptEncoder, SamePrompts()),
        unet=Network(world, name),
        vae=White(),
        scheduler_config={"_class_name": "DDIMScheduler"},
        preview=LatentPreview(torch.zeros(5, 3)),
        tiny=None,
        device=torch.device("cpu"),
        dtype=dtype,
    )


jobs = st.builds(
    lambda owner, model, side, steps, count, scale, sampler: (
        owner,
        GenerationSettings(
            prompt="a fox",
            seed=0,
            model=model,
            width=side,
            height=side,
            steps=steps,
            count=count,
            guidance_scale=scale,
            sampler=sampler,
        ),
    ),
    owner=st.sampled_from("abc"),
    model=st.sampled_from(["one", "one", "one", "other", "missing"]),
    side=st.sampled_from([64, 64, 128]),
    steps=st.integers(1, 4),
    count=st.integers(1, 4),
    scale=st.sampled_from([1.0, 5.0]),
    sampler=st.sampled_from([Sampler.EULER, Sampler.HEUN, Sampler.DDIM]),
)
PICTURE = images.as_png(Image.new("RGB", (64, 64), "#408020"))
MASK = images.as_png(Image.linear_gradient("L").resize((64, 64)))


def task_of(asked: GenerationSettings, way: str) -> Task:
    match way:
        case "from a picture":
            return Draw(asked, Inputs(PICTURE))
        case "inside a mask":
            return Draw(asked, Inputs(PICTURE, MASK))
        case "small, then large":
            return Draw(replace(asked, hires_factor=1.5))
        case "cells of a sheet":
            return Draw(asked, cells=(replace(asked, count=1), replace(asked, count=1, seed=1, steps=asked.steps + 1)))
        case "enlarged":
            return Upscale(asked, PICTURE, upscaler=UpscalerName.LANCZOS)
        case "explained":
            return Draw(asked, explained=True)
        case "drawn over":
            return Upscale(asked, PICTURE, upscaler=UpscalerName.LANCZOS, manner=Manner.CREATIVE)
    return Draw(asked)


DRAWN = ("from noise", "from a picture", "inside a mask", "small, then large", "cells of a sheet", "explained")
WAYS = (*DRAWN, "enlarged", "drawn over")
ways = st.sampled_from(WAYS)
requests = st.builds(lambda job, way: (job[0], task_of(job[1], way)), jobs, ways)
arrivals = st.tuples(st.just("admit"), requests)
cancels = st.tuples(st.just("cancel"), st.integers(0, 8))
steps = st.tuples(st.just("step"), st.integers(1, 6))
frames = st.tuples(st.just("want frame"), st.integers(0, 8))
STORY = st.lists(st.one_of(arrivals, cancels, steps, frames), min_size=1, max_size=14)
quick = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Story:
    """A step loop that is told a story; `events` is all it said."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.events: list[Event] = []
        self.admitted: dict[int, Task] = {}
        self.loop = StepLoop(
            cast(ModelCache, world),
            self.events.append,
            BatchSizing(ROWS),
            model_wait=5.0,
            upscalers=cast(UpscalerRegistry, Enlargers(world)),
            clock=lambda: world.now,
        )

    def tell(self, story: list[tuple[str, Any]]) -> None:
        for verb, what in story:
            match verb:
                case "admit":
                    owner, task = what
                    self.admitted[len(self.admitted)] = task
                    self.loop.admit(Job(len(self.admitted) - 1, owner, task))
                case "cancel":
                    self.loop.cancel(what)
                case "want frame":
                    self.loop.want_frame(what)
                case "step":
                    for _ in range(what):
                        self.loop.step()
        for _ in range(3000):
            if self.loop.idle:
                return
            self.loop.step()
        raise AssertionError("the batch never drains")

    def endings(self) -> dict[int, Event]:
        return {event.job_id: event for event in self.events if isinstance(event, Ending)}


@pytest.mark.parametrize(
    ("fake", "real"),
    [(World, ModelCache), (SamePrompts, PromptEncoder), (White, AutoencoderKL), (Enlargers, UpscalerRegistry)],
    ids=["shelf", "prompts", "autoencoder", "upscalers"],
)
def test_what_stands_in_takes_what_the_real_one_takes(fake: type[Any], real: type[Any]) -> None:
    """Names that both have, and how they may be called."""
    shared = [name for name in vars(fake) if name[0] != "_" and inspect.isfunction(getattr(real, name, None))]
    assert shared
    for name in shared:
        theirs = inspect.signature(getattr(real, name)).parameters.values()
        needed = [
            each.name for each in theirs if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD
        ]
        inspect.signature(getattr(fake, name)).bind(*needed)


@quick
@given(STORY, st.lists(st.sampled_from(["", "", "", *FAULTS]), max_size=20), st.booleans(), st.booleans())
def test_every_job_ends_exactly_once_and_says_nothing_after(
    story: list[tuple[str, Any]], faults: list[str], half: bool, roomy: bool
) -> None:
    told = Story(World(torch.bfloat16 if half else torch.float32, roomy, faults=faults))
    told.tell(story)
    ended = Counter(event.job_id for event in told.events if isinstance(event, Ending))
    assert ended == dict.fromkeys(told.admitted, 1)
    for job_id, task in told.admitted.items():
        ending = [event for event in told.events if event.job_id == job_id][-1]
        assert isinstance(ending, Ending)
        if isinstance(ending, Completed):
            assert len(ending.pictures) == task.pictures
            assert (ending.explanation is not None) == (isinstance(task, Draw) and task.explained)


@quick
@given(STORY, st.lists(st.sampled_from(["", "", "out of memory"]), max_size=12))
def test_rows_never_exceed_the_bucket_nor_what_did_not_fit(story: list[tuple[str, Any]], faults: list[str]) -> None:
    world = World(faults=list(faults))
    Story(world).tell(story)
    assert all(rows <= ROWS for _, rows, _ in world.rows)
    for number, (kind, failed, fault) in enumerate(world.rows):
        if fault and failed == ROWS:
            assert all(rows <= ROWS // 2 for other, rows, _ in world.rows[number + 1 :] if other == kind)


@settings(quick, max_examples=25)
@given(
    st.lists(st.tuples(jobs, ways), min_size=1, max_size=6),
    ways.filter(lambda way: way != "explained"),
    st.integers(0, 6),
    st.integers(2, 6),
)
def test_nobody_starves(
    stream: list[tuple[tuple[str, GenerationSettings], str]], way: str, before: int, in_flight: int
) -> None:
    """However many jobs of other sizes and kinds keep coming, one gets its owner's share of the time. What is explained
    may come later: that is done at leisure."""
    large = GenerationSettings(prompt="a", seed=0, model="one", width=128, height=128, steps=4, sampler=Sampler.EULER)
    mine = Job(0, "patient", task_of(large, way))
    alone = Story(World())
    alone.loop.admit(mine)
    alone.tell([])
    world = World()
    told = Story(world)
    coming = (
        Job(number, owner, task_of(replace(asked, model="one", width=64, height=64), other))
        for number, ((owner, asked), other) in enumerate(cycle(stream), start=1)
    )
    for _ in range(before):
        told.loop.admit(next(coming))
        told.loop.step()
    told.loop.admit(mine)
    begun, owners = world.now, 1 + len({owner for (owner, _), _ in stream})
    while 0 not in told.endings():
        if sum(isinstance(event, Started) for event in told.events) < len(told.endings()) + in_flight:
            told.loop.admit(next(coming))
        told.loop.step()
        assert world.now - begun <= owners * (alone.world.now + LONGEST_SLICE)


@settings(quick, max_examples=25)
@given(st.lists(arrivals, min_size=2, max_size=6), st.integers(0, 5), st.integers(0, 8))
def test_a_cancelled_job_is_gone_from_the_next_forward_and_touches_no_other(
    arriving: list[tuple[str, Any]], victim: int, after: int
) -> None:
    told = Story(World())
    told.tell([*arriving, ("step", after), ("cancel", victim)])
    undisturbed = Story(World())
    undisturbed.tell(arriving)
    cancelled = [job_id for job_id, ending in told.endings().items() if isinstance(ending, Cancelled)]
    assert set(cancelled) <= {victim}
    for job_id in cancelled:
        mine = [event for event in told.events if event.job_id == job_id]
        assert isinstance(mine[-1], Cancelled)
    for job_id, ending in undisturbed.endings().items():
        task = undisturbed.admitted[job_id]
        assert isinstance(ending, Completed) == (task.settings.model != "missing" or not task.draws)
        if job_id not in cancelled:
            assert pictures_of(told.endings()[job_id]) == pictures_of(ending)


def pictures_of(ending: Event) -> tuple[Picture, ...] | None:
    assert isinstance(ending, Completed | Failed)
    return ending.pictures if isinstance(ending, Completed) else None


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.permutations(range(4)),
    st.lists(st.integers(0, 3), min_size=4, max_size=4),
    st.lists(st.integers(1, 4), min_size=4, max_size=4),
)
def test_strict_is_bit_identical_in_any_company_and_order_of_arrival(
    cache: ModelCache, apple: GenerationSettings, order: list[int], pauses: list[int], steps: list[int]
) -> None:
    """With the shipped model: job 0 is drawn alone, and again among three others."""
    mine = replace(apple, width=64, height=64, steps=4, sampler=Sampler.EULER_ANCESTRAL)
    alone, together = (LoopDriver(cache, BatchSizing(8, strict=True)) for _ in range(2))
    alone.admit(0, mine)
    alone.run()
    for job_id, pause in zip(order, pauses, strict=True):
        other = replace(mine, seed=job_id, steps=steps[job_id], guidance_scale=1.0 + job_id % 2, count=1 + job_id % 3)
        together.admit(job_id, other if job_id else mine)
        for _ in range(pause):
            together.loop.step()
    together.run()
    assert together.completed(0).pictures == alone.completed(0).pictures


@pytest.fixture(scope="module", params=[tiny.stable_diffusion_1, tiny.stable_diffusion_xl], ids=["SD 1", "XL"])
def small(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ModelCache:
    """Real models with few weights, “one” of a family and an “other” of another."""
    made = tmp_path_factory.mktemp("models")
    makers = {"one": request.param, "other": tiny.stable_diffusion_2}
    specs = [ModelSpec(name, str(make(made / name)), width=64, height=64) for name, make in makers.items()]
    cache = ModelCache(Catalogue(specs), torch.device("cpu"), torch.float32, room=len(specs))
    for spec in specs:
        cache.take(spec.name, lambda share: None)
    return cache


@contextmanager
def decoded(cache: ModelCache) -> Iterator[list[torch.Tensor]]:
    """All latents that are decoded meanwhile."""
    seen: list[torch.Tensor] = []
    with ExitStack() as hooks:
        for name in cache.names:
            part = cache.take(name, lambda share: None).vae.post_quant_conv
            hooks.callback(part.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].clone())).remove)
        yield seen


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    mine=st.sampled_from(DRAWN),
    arriving=st.lists(st.tuples(requests, st.integers(0, 3)), max_size=4),
    place=st.integers(0, 4),
)
def test_strict_is_bit_identical_beside_other_sizes_kinds_and_models(
    small: ModelCache, mine: str, arriving: list[tuple[tuple[str, Task], int]], place: int
) -> None:
    """Down to the latents, of whose digits pixels show but the first."""
    asked = GenerationSettings("a fox", seed=7, model="one", width=64, height=64, steps=4, count=2)
    job = Job(0, "mine", task_of(replace(asked, sampler=Sampler.EULER_ANCESTRAL), mine))
    alone, together = (LoopDriver(small, BatchSizing(8, strict=True)) for _ in range(2))
    with decoded(small) as expected:
        alone.loop.admit(job)
        alone.run()
    others = [(Job(number, *request), pause) for number, (request, pause) in enumerate(arriving, start=1)]
    with decoded(small) as found:
        for each, pause in [*others[:place], (job, 1), *others[place:]]:
            together.loop.admit(each)
            for _ in range(pause):
                together.loop.step()
        together.run()
    assert together.completed(0).pictures == alone.completed(0).pictures
    assert all(any(torch.equal(each, other) for other in found) for each in expected)
