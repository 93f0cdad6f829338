"""The models, LoRAs and embeddings of a host, and each model's recommended settings."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from generation import abilities, control_networks, controls, model_names, names, sources, suitability
from generation.abilities import Abilities
from generation.controls import ControlKind
from generation.embeddings import Embeddings, EmbeddingSpec
from generation.errors import InvalidSetting, UnknownModel
from generation.loras import SUFFIX, Loras, LoraSpec
from generation.quantization import Quantization
from generation.sentences import Sentence
from generation.settings import CLIP_SKIP, GUIDANCE_SCALE, SIZE, STEPS, GenerationSettings, PartialSettings, Sampler
from generation.sources import Family
from generation.step_cache import StepCache
from generation.vision import VisionModels

OPEN_NSFW = "opennsfw"
"""The name of the safety checker that works offline, from the extra `nsfw`."""

POCKET_DIRECTORY = Path(__file__).parent / "pocket"


Resources = tuple[tuple[str, float], ...]
"""What a worker needs of a node of a Ray cluster: amounts by name, such as one GPU."""

ControlNets = tuple[tuple[str, str], ...]
"""ControlNets by what they follow: a kind of `ControlKind`, or `controls.UNION`."""


class PreviewKind(StrEnum):
    """The decoder for the decoded frames of a preview. The frames between are a linear map of the latents."""

    LINEAR = "linear"
    """The model's own VAE, used rarely because it is slow."""
    TINY = "tiny"
    """A tiny decoder: a little softer, and used far more often."""


class Prediction(StrEnum):
    """What the UNet of Stable Diffusion predicts. Some checkpoints in one file don't say so themselves."""

    OWN = ""
    """As its files say."""
    NOISE = "epsilon"
    VELOCITY = "v"
    VELOCITY_ZERO_SNR = "v-ztsnr"
    """For a model that was trained to zero terminal SNR (Lin et al., arXiv 2305.08891)."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model's name, the source of its weights, and its recommended settings.

    `source` is a directory in diffusers' format, a hub id, a .safetensors or .gguf file, or a workflow of ComfyUI in
    its API format.
    """

    name: str
    source: str
    width: int = 512
    height: int = 512
    steps: int = 25
    guidance_scale: float = 7.0
    sampler: Sampler | None = None
    """None is the best that it can follow."""
    clip_skip: int | None = None
    """None is the value that its family was trained with."""
    vae: str = ""
    """A VAE instead of the model's own: a directory, a hub id or a .safetensors file."""
    config: str = ""
    """A directory or a hub id of the same family, for a .safetensors file whose shapes leave its architecture open."""
    base: str = ""
    """What a file that holds a transformer alone takes its other parts from: another model of the config by its name,
    or a directory or a hub id in diffusers' format, of the same family."""
    text_encoders: tuple[str, ...] = ()
    """Text encoders instead of those of `base`: files or directories."""
    harmless: bool = False
    """True where the model cannot generate NSFW pictures, so that they need no check."""

    image_guidance: float = 1.5
    """For a model that edits pictures: the scale of guidance by the start picture; higher stays closer to it."""
    prediction: Prediction = Prediction.OWN
    licence: str = ""
    """Its name or a sentence, which /models shows; the host has accepted it."""
    address: str = ""
    """Where `noisefox models pull` gets a source file that is not here: an address or `civitai:NUMBER`."""

    quantize: Quantization = Quantization.NONE
    """Fewer bits for the weights of its transformer, or UNet, and of its large text encoders."""
    cache: StepCache = StepCache.NONE
    """The cache between steps: faster, and a little different."""

    safety_checker: str = ""
    """The safety checker: a directory in diffusers' format, a hub id, or `OPEN_NSFW`."""
    preview: PreviewKind = PreviewKind.LINEAR
    preview_decoder: str = ""
    """The tiny decoder: a directory in diffusers' format or a hub id."""

    workers: str = ""
    """The pool of workers that draws it; if empty, the first that can."""
    resources: Resources = ()
    """What a worker with this model needs of a node of a Ray cluster."""

    controlnet: str = ""
    """The ControlNet: a directory in diffusers' format or a hub id."""
    controlnets: ControlNets = ()
    """More ControlNets, by the kind of picture that each follows."""
    ip_adapter: str = ""
    """The IP-Adapter: a .safetensors file, here or as `owner/repository/path` on the hub."""
    image_encoder: str = ""
    """The folder of the IP-Adapter's image encoder; if empty, `image_encoder` beside it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", names.normal(self.name))
        names.check_listed(self.name)
        STEPS.check("steps", self.steps)
        GUIDANCE_SCALE.check("guidance_scale", self.guidance_scale)
        GUIDANCE_SCALE.check("image_guidance", self.image_guidance)
        SIZE.check("width", self.width)
        SIZE.check("height", self.height)
        if self.clip_skip is not None:
            CLIP_SKIP.check("clip_skip", self.clip_skip)
        sources.check("source", self.source)
        sources.check("vae", self.vae)
        for encoder in self.text_encoders:
            sources.check("text_encoders", encoder)
        if self.preview is PreviewKind.TINY and not self.preview_decoder:
            raise InvalidSetting(
                "preview_decoder",
                'A "tiny" preview needs one. Name a directory or a hub id, such as madebyollin/taesd.',
            )
        if self.ip_adapter and not self.ip_adapter.endswith(SUFFIX):
            raise InvalidSetting("ip_adapter", f"It must be a {SUFFIX} file: other formats can run code.")
        known = [kind.value for kind in ControlKind if kind is not ControlKind.AS_IS] + [controls.UNION]
        if unknown := next((kind for kind, _ in self.controlnets if kind not in known), None):
            raise InvalidSetting("controlnets", f"There is no kind {unknown!r}. Use: {', '.join(known)}.")

    @property
    def control_networks(self) -> dict[str, str]:
        """The sources of all ControlNets by name: the kind that each follows, `controls.UNION` or `controls.ANY`."""
        return ({controls.ANY: self.controlnet} if self.controlnet else {}) | dict(self.controlnets)

    @property
    def is_workflow(self) -> bool:
        """True where the source is a workflow of ComfyUI."""
        return sources.is_workflow(self.source)

    @property
    def is_checked(self) -> bool:
        """True where its pictures need the safety checker and have one. Those of a workflow have none: nobody checks
        what ComfyUI draws."""
        return bool(self.safety_checker) and not (self.harmless or self.is_workflow)

    @property
    def is_toy(self) -> bool:
        """True for the small model that ships with Noisefox."""
        return self.source == str(POCKET_DIRECTORY)

    @property
    def preferred(self) -> PartialSettings:
        """The model's recommended settings, at the nearest size that it can draw."""
        able = abilities.of(self)
        width, height = suitability.nearest_size(self.width, self.height, able)
        return PartialSettings(
            model=self.name,
            width=width,
            height=height,
            steps=self.steps,
            guidance_scale=self.guidance_scale,
            sampler=self.sampler if self.sampler in able.samplers else able.samplers[0],
            clip_skip=self.clip_skip or (self.family or Family.STABLE_DIFFUSION).clip_skip,
        )

    def times_as_large(self, settings: GenerationSettings) -> float:
        """How many times more pixels a picture has than the model's recommended size."""
        width, height = suitability.nearest_size(self.width, self.height, abilities.of(self))
        return settings.width * settings.height / (width * height)

    @property
    def family(self) -> Family | None:
        """The model's family; None if nothing of the model is on this machine yet."""
        return sources.family_of(self.source)


POCKET = ModelSpec(
    name="pocket", source=str(POCKET_DIRECTORY), width=128, height=128, guidance_scale=5.0, harmless=True
)

NO_VISION = VisionModels()


class Catalogue:
    """The models by name, with their LoRAs and embeddings. The first model is the default."""

    def __init__(
        self,
        models: Iterable[ModelSpec] = (POCKET,),
        loras: Iterable[LoraSpec] = (),
        embeddings: Iterable[EmbeddingSpec] = (),
        edit_model: str = "",
        vision: VisionModels = NO_VISION,
    ) -> None:
        """`edit_model` names the model that changes the pictures of others as words say, if there is one; `vision` are
        the models that look at pictures."""
        by_name = {model.name: model for model in models}
        self._models = {name: _with_base_of(model, by_name) for name, model in by_name.items()}
        self.loras = Loras(loras)
        self.embeddings = Embeddings(embeddings)
        self._edit_model = edit_model
        self._vision = vision

    @property
    def default(self) -> ModelSpec:
        return next(iter(self._models.values()))

    @property
    def editor(self) -> ModelSpec | None:
        """The model that changes the pictures of others as words say."""
        return self.called(self._edit_model) if self._edit_model else None

    @property
    def names(self) -> list[str]:
        return list(self._models)

    @property
    def has_only_toys(self) -> bool:
        """True until the host adds a model."""
        return all(model.is_toy for model in self)

    def __iter__(self) -> Iterator[ModelSpec]:
        return iter(self._models.values())

    def get(self, name: str) -> ModelSpec:
        """The model called `name`, as `called` finds it; raises `UnknownModel` with the names there are."""
        if model := self.called(name):
            return model
        raise UnknownModel(name, self.names, model_names.alike(name, self.names))

    def called(self, name: str) -> ModelSpec | None:
        """The model called `name`, in any case and spelling, or whose file is called so; None where none is."""
        meant = model_names.meant(name, {each.name: each.source for each in self})
        return self._models[meant] if meant else None

    def completed(self, name: str) -> ModelSpec:
        """The model called `name`, as `get`; a transformer in a file of its own that names no base gets that of a model
        of the same family, if there is one."""
        model = self.get(name)
        if model.base or model.config or not sources.is_single_file(model.source):
            return model
        own = sources.description_of(model.source)
        if own is None or not own.transformer_alone:
            return model
        return next((replace(model, base=base) for each in self if (base := _base_for(own, each))), model)

    def abilities_of(self, name: str) -> Abilities:
        """What the model called `name` can do; for one that is no longer here, everything."""
        model = self._models.get(names.normal(name))
        able = abilities.of(model) if model else abilities.STABLE_DIFFUSION
        return replace(
            able,
            has_editor=bool(self._edit_model),
            cuts_out=bool(self._vision.background),
            faces=able.faces and bool(self._vision.faces),
        )

    @property
    def seen(self) -> frozenset[ControlKind]:
        """The kinds of control pictures that a model makes."""
        return self._vision.seen

    def check_faces(self) -> None:
        """Raise `InvalidSetting` where the workers have no model that finds faces."""
        if not self._vision.faces:
            raise InvalidSetting(
                "faces", "No model finds faces here, so they can't be drawn anew. Leave out `--faces`."
            )

    def check_guides(self, settings: GenerationSettings, roles: Collection[str]) -> None:
        """Raise `InvalidSetting` if the model lacks the ControlNet or the IP-Adapter that pictures with the `roles`,
        which are fields of `Inputs`, need."""
        name = settings.model
        model = self.get(name)
        number = sum(role in roles for role in controls.ROLES)
        if number and not model.control_networks:
            sentence = Sentence(
                "{model} can't follow the lines of a picture: it has no ControlNet. Choose another model from /models.",
                model=name,
            )
            raise InvalidSetting("control", sentence)
        for control in controls.of_pictures(settings.controls, number):
            control_networks.check(name, model.control_networks, control.kind)
        if "style_image" in roles and not abilities.of(model).style:
            sentence = Sentence(
                "{model} can't take the style of a picture: that takes Stable Diffusion XL with an IP-Adapter. "
                "Choose another model from /models.",
                model=name,
            )
            raise InvalidSetting("style_image", sentence)
        if "image_prompt" in roles and not model.ip_adapter:
            sentence = Sentence(
                "{model} can't use image prompts: it has no IP-Adapter. Choose another model from /models.", model=name
            )
            raise InvalidSetting("image_prompt", sentence)


def _with_base_of(model: ModelSpec, by_name: Mapping[str, ModelSpec]) -> ModelSpec:
    """A model whose base is the source of another, where it names that."""
    named = by_name.get(model.base)
    return replace(model, base=named.source) if named and named.name != model.name else model


def _base_for(wanted: sources.Description, model: ModelSpec) -> str:
    """The source of a model's other networks, where a transformer of this kind runs with them; empty otherwise."""
    base = model.base if sources.is_single_file(model.source) else model.source
    described = sources.description_of(base) if base else None
    return base if described and described.pipeline == wanted.pipeline else ""
