"""The one table of what models can do, by the pipeline that their files name.

Options, buttons, refusals (see `generation.suitability`), `/models` and docs/models.md come from it. Stable Diffusion
has its rows in `FAMILIES`; those of all others are derived from what diffusers' pipelines take.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from generation import edm, pipelines, sources
from generation.comfy import graph, samplers
from generation.comfy.graph import Graph
from generation.comfy.nodes import BrokenWorkflow
from generation.comfy.roles import Role
from generation.controls import ControlKind
from generation.pipelines import Guidance, Pipeline
from generation.sentences import Counted, Sentence
from generation.settings import SIZE, Sampler, Schedule
from generation.sources import Description, Family
from generation.step_cache import SUPPORTED, StepCache

MOST_PICTURES = 4
"""The pictures that can be given to one request, to blend them or to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a model can do. The defaults are those of a pipeline that takes words alone."""

    words: int | None = None
    """The most tokens of a prompt that it reads; None where there is no limit, or none is known."""
    negative_prompt: bool = False
    guidance: Guidance = Guidance.NONE
    samplers: tuple[Sampler, ...] = (Sampler.OWN,)
    """The samplers it can follow, its default first."""
    start_picture: bool = False
    """Image to image, with a denoising strength."""
    blends: bool = False
    """Starting from halfway between several pictures."""
    mask: bool = False
    """Inpainting: zoom out, pan, and a start picture with a mask."""
    strength_of_masked: bool = False
    """A denoising strength with a mask, where a picture as a whole has none."""
    references: int = 0
    """How many pictures it can look at, without a strength: the start picture's place is that of the first."""
    picture_needed: bool = False
    """True where it draws nothing without a reference."""
    loras: bool = False
    control: bool = False
    """A ControlNet."""
    image_prompt: bool = False
    """An IP-Adapter."""
    style: bool = False
    """Taking the style alone from a picture."""
    size_step: int = 16
    """Width and height are multiples of this, in pixels."""
    sizes: tuple[tuple[int, int], ...] = ()
    """The only sizes that it draws, width first, in pixels; empty for all."""
    smallest: int = SIZE.low
    largest: int = SIZE.high
    """Bounds of width and height, in pixels."""
    variations: bool = False
    """Variations of a picture, and the noise of another size."""
    hires: bool = False
    """Hires, and creative upscales."""
    explain: bool = False
    schedules: tuple[Schedule, ...] = (Schedule.SAMPLER,)
    """The noise schedules that its samplers can follow, if they have them."""
    clip_skip: bool = False
    steps: int | None = None
    """The only number of steps that it takes; None where any will do."""
    emphasis: bool = False
    """Weights of words, and BREAK."""
    weights: bool = False
    """Weights of words alone."""
    prompt_steps: bool = False
    """Prompts that change between steps: `[a:b:0.4]` and `[a|b]`."""
    prompt_parts: bool = False
    """Regions, and parts joined by AND."""
    tile: bool = False
    """Pictures that continue at their opposite edges."""
    faces: bool = False
    """Drawing the faces of a picture anew, each by itself."""
    guidance_rescale: bool = False
    guidance_interval: bool = False
    step_caches: tuple[StepCache, ...] = ()
    """The caches between steps that its family can use."""
    step_cache: bool = False
    """True where it is configured with one of them."""
    has_editor: bool = False
    """True where another model changes its pictures as words say."""
    cuts_out: bool = False
    """True where another model removes the background of its pictures."""

    @property
    def edits(self) -> bool:
        """True where a picture is changed as a whole by words, in all steps, so that there is no strength."""
        return self.references > 0 and not self.start_picture

    @property
    def draws_around(self) -> bool:
        """True where it can draw more around a picture, which takes a mask and a strength."""
        return self.mask and (self.strength_of_masked or not self.edits)

    @property
    def pictures(self) -> int:
        """How many pictures it can start from, or look at."""
        return MOST_PICTURES if self.blends else max(self.references, int(self.start_picture))

    @property
    def takes_picture(self) -> bool:
        """True where it uses a picture that is given as its start, in one way or the other."""
        return self.start_picture or self.references > 0


STABLE_DIFFUSION = Abilities(
    negative_prompt=True,
    guidance=Guidance.TWO_PREDICTIONS,
    samplers=tuple(Sampler),
    start_picture=True,
    blends=True,
    mask=True,
    loras=True,
    size_step=8,
    variations=True,
    hires=True,
    explain=True,
    schedules=tuple(Schedule),
    clip_skip=True,
    emphasis=True,
    prompt_steps=True,
    prompt_parts=True,
    tile=True,
    faces=True,
    guidance_rescale=True,
    guidance_interval=True,
)

EDITING = replace(
    STABLE_DIFFUSION,
    start_picture=False,
    references=MOST_PICTURES,
    picture_needed=True,
    hires=False,
    prompt_parts=False,
    tile=False,
    faces=False,
)
"""InstructPix2Pix and CosXL Edit, which take the middle of several pictures."""

FAMILIES: dict[str, Abilities] = dict.fromkeys(sources.BATCHED, STABLE_DIFFUSION) | dict.fromkeys(
    sources.EDITING, EDITING
)
"""The models of Stable Diffusion, by the class name of their pipeline."""

BATCHED = (*FAMILIES, *sources.FLOWING)
"""The pipelines whose models are drawn in the shared batch, Stable Diffusion first."""

FLOW_SAMPLERS = (Sampler.OWN, Sampler.EULER, Sampler.HEUN, Sampler.DPMPP_2M, Sampler.UNIPC)
"""Samplers of flow matching."""


class Model(Protocol):
    """What is asked of a model's spec."""

    @property
    def name(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def config(self) -> str: ...
    @property
    def base(self) -> str: ...
    @property
    def vae(self) -> str: ...
    @property
    def steps(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def guidance_scale(self) -> float: ...
    @property
    def sampler(self) -> Sampler | None: ...
    @property
    def clip_skip(self) -> int | None: ...
    @property
    def controlnet(self) -> str: ...
    @property
    def controlnets(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def ip_adapter(self) -> str: ...
    @property
    def cache(self) -> StepCache: ...


def of(model: Model) -> Abilities:
    """What a model can do. One of which nothing is on this machine yet is taken for Stable Diffusion."""
    if sources.is_workflow(model.source):
        return _of_workflow(model)
    description = _description_of(model)
    able = described(description) if description else STABLE_DIFFUSION
    if able is STABLE_DIFFUSION and sources.is_editing(model.source):
        able = EDITING
    if description and description.only_decodes and not model.vae:
        able = replace(able, **_NEEDING_ENCODER)
    if able.emphasis:
        prompted = bool(model.ip_adapter)
        able = replace(
            able,
            control=bool(model.controlnet or model.controlnets),
            image_prompt=prompted,
            style=prompted and sources.family_of(model.source) is Family.XL,
        )
    if sources.is_edm(model.config or model.source):
        able = replace(able, samplers=edm.SAMPLERS, schedules=edm.SCHEDULES)
    return replace(able, step_cache=True) if model.cache in able.step_caches else able


def _of_workflow(model: Model) -> Abilities:
    """What a workflow of ComfyUI takes. One that cannot be read takes words alone, and fails when it is drawn."""
    try:
        workflow = graph.read(model.source)
    except BrokenWorkflow:
        return Abilities(steps=model.steps, sizes=((model.width, model.height),))
    takes = workflow.takes
    chooses = takes(Role.SAMPLER)
    return Abilities(
        negative_prompt=takes(Role.NEGATIVE_PROMPT),
        guidance=_guidance_of(workflow),
        samplers=(Sampler.OWN, *samplers.NAMES) if chooses else (Sampler.OWN,),
        schedules=(Schedule.SAMPLER, *samplers.SCHEDULES) if chooses and takes(Role.SCHEDULE) else (Schedule.SAMPLER,),
        start_picture=workflow.starts_from_picture,
        references=int(takes(Role.IMAGE) and not workflow.starts_from_picture),
        picture_needed=takes(Role.IMAGE),
        mask=takes(Role.MASK),
        steps=None if takes(Role.STEPS) else model.steps,
        sizes=() if workflow.takes_size or takes(Role.IMAGE) else ((model.width, model.height),),
        weights=True,
    )


def _guidance_of(workflow: Graph) -> Guidance:
    if not workflow.takes(Role.GUIDANCE):
        return Guidance.NONE
    return Guidance.TOLD if workflow.is_told_guidance else Guidance.TWO_PREDICTIONS


def is_batched(model: Model) -> bool:
    """True for a model that is drawn in the shared batch. False also where nothing of it is on this machine yet."""
    description = _description_of(model)
    return description is not None and description.pipeline in BATCHED


_NEEDING_ENCODER: dict[str, Any] = {
    "start_picture": False,
    "blends": False,
    "mask": False,
    "strength_of_masked": False,
    "references": 0,
    "hires": False,
    "faces": False,
}
"""What a model can't do whose VAE has no encoder."""


def _description_of(model: Model) -> Description | None:
    """What a model's files say; those of the model around it tell the pipeline of a transformer in a file of its own,
    and of a file that doesn't tell."""
    own = sources.description_of(model.source)
    around = model.base or model.config
    if own is None or not around or (own.pipeline and not own.transformer_alone):
        return own
    base = sources.description_of(around)
    if base is None:
        return own
    return replace(own, pipeline=base.pipeline, distilled=base.distilled) if own.transformer_alone else base


def described(description: Description) -> Abilities:
    """What a model can do, by what its files say."""
    if description.pipeline in FAMILIES:
        return FAMILIES[description.pipeline]
    able = _derived(pipelines.of(description.pipeline), description)
    if description.pipeline not in sources.FLOWING:
        return able
    return replace(_flowing(able), step_caches=SUPPORTED.get(description.pipeline, ()))


def _flowing(able: Abilities) -> Abilities:
    """What a flow-matching model can do in the shared batch, beside what its pipeline takes. One that looks at pictures
    changes the whole of one by words, and a part of one with a mask; without any it draws from words alone."""
    return replace(
        able,
        samplers=FLOW_SAMPLERS,
        start_picture=not able.references,
        blends=not able.references,
        picture_needed=False,
        mask=True,
        strength_of_masked=True,
        faces=True,
        loras=True,
        variations=True,
        explain=True,
        guidance_interval=able.guidance is not Guidance.NONE,
    )


def _guides_itself(name: str) -> bool:
    """True for a pipeline whose models are guided by two predictions in the shared batch, whatever their configuration
    says."""
    return name in sources.FLOWING and pipelines.of(name).guidance is Guidance.TWO_PREDICTIONS


def _derived(pipeline: Pipeline, description: Description) -> Abilities:
    """What a model can do that is drawn by its diffusers pipeline."""
    guidance = pipeline.guidance
    if pipeline.told_by_network and description.told_guidance and not _guides_itself(description.pipeline):
        guidance = Guidance.TOLD
    if description.distilled:
        guidance = Guidance.NONE
    both = pipeline.scale == "true_cfg_scale" and guidance is Guidance.TOLD
    return Abilities(
        words=pipeline.words,
        negative_prompt=pipeline.negative_prompt and (guidance is Guidance.TWO_PREDICTIONS or both),
        guidance=guidance,
        start_picture=bool(pipeline.start_picture),
        mask=bool(pipeline.mask),
        references=pipeline.references,
        picture_needed=pipeline.picture_needed,
        loras=pipeline.loras,
        size_step=pipeline.size_step,
        sizes=pipeline.sizes,
    )


NEGATIVE_PROMPT = Sentence("a negative prompt")
GUIDANCE = Sentence("guidance")
START_PICTURE = Sentence("a start picture")
PART_OF_A_PICTURE = Sentence("drawing a part of a picture")
NOISE_SCHEDULES = Sentence("noise schedules")
VARIATIONS = Sentence("variations")
LORAS = Sentence("LoRAs")
CONTROL_PICTURES = Sentence("pictures whose lines to keep")
IMAGE_PROMPTS = Sentence("pictures as prompts")
PROMPT_STEPS = Sentence("prompts that change between steps")
REGIONS = Sentence("regions")
SUMS = Sentence("AND")
FACES = Sentence("drawing faces anew")
SEAMLESS = Sentence("seamless pictures")


def offered(able: Abilities) -> list[Sentence]:
    """What a model takes beside words, size and steps, as it is said in lists of models."""
    named = [
        (able.negative_prompt, NEGATIVE_PROMPT),
        (able.guidance is not Guidance.NONE, GUIDANCE),
        (able.start_picture, START_PICTURE),
        (able.references, Counted(able.references, "{n} picture to look at", "{n} pictures to look at")),
        (able.mask, PART_OF_A_PICTURE),
        (able.loras, LORAS),
    ]
    return [what for there, what in named if there]


def guided(able: Abilities, kinds: Sequence[ControlKind]) -> list[Sentence]:
    """What a model takes with networks beside it, as it is said in lists of models; `kinds` are those of control
    pictures that are known."""
    control = Sentence("control pictures ({kinds})", kinds=[Sentence(each.value) for each in kinds])
    named = [
        (able.control, control if kinds else CONTROL_PICTURES),
        (able.image_prompt, IMAGE_PROMPTS),
        (able.style, Sentence("the style of a picture")),
    ]
    return [what for there, what in named if there]
