"""Where the parts of a model are while it draws, so that it fits into the memory of a GPU."""

from dataclasses import dataclass, replace

from generation.networks import Network

GIGABYTE = 10**9

_DENOISERS, _TEXT_ENCODERS = ("unet", "transformer", "prior"), "text_encoder"
"""What the names of a pipeline's parts begin with."""

TILE = 512
"""Side of the tiles in which pictures are decoded where memory is short, in pixels."""

SPARE = 0.05
"""The share of a device's memory that is lost between allocations."""


def is_denoiser(part: str) -> bool:
    """True for the name of a pipeline's part that runs in every step."""
    return part.startswith(_DENOISERS)


def is_text_encoder(part: str) -> bool:
    """True for the name of a pipeline's part that runs for each new prompt."""
    return part.startswith(_TEXT_ENCODERS)


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the parts of a model are. By default everything stays on the device, the fastest way."""

    encoders_leave: bool = False
    """Text encoders are in the CPU's memory. Their layers visit the device one by one while a prompt is encoded."""
    tiles: bool = False
    """Large pictures are decoded in tiles."""
    offload: str = ""
    """How the denoising network is streamed to the device in every step, one of `acceleration.OFFLOAD`."""
    kept: int = 0
    """Bytes of its blocks that stay on the device nevertheless."""

    @property
    def held_back(self) -> bool:
        """True where anything stays in the CPU's memory."""
        return self.encoders_leave or bool(self.offload)

    @property
    def by_layers(self) -> "Plan":
        """The same plan with layers streamed in place of blocks, to which something is added later on."""
        return replace(self, offload="sequential") if self.offload else self

    @property
    def told(self) -> str:
        """The plan in words."""
        streamed = {"": "", "group": "blocks are streamed", "sequential": "layers are streamed"}[self.offload]
        encoders = "text encoders leave after encoding" if self.encoders_leave else ""
        tiles = "VAE in tiles" if self.tiles else ""
        return ", ".join(filter(None, (encoders, streamed, tiles))) or "everything stays on the device"


EVERYTHING = Plan()

_PLANS = (
    EVERYTHING,
    Plan(encoders_leave=True),
    Plan(tiles=True),
    Plan(encoders_leave=True, tiles=True),
    Plan(encoders_leave=True, tiles=True, offload="group"),
    Plan(encoders_leave=True, tiles=True, offload="sequential"),
)
"""All plans, the cheapest first. Encoders that leave cost one transfer for each new prompt, tiles change pixels a
little, and streaming costs a transfer in each step."""


@dataclass(frozen=True, slots=True)
class Needs:
    """The bytes that a model needs."""

    denoiser: Network
    """The UNet or the transformer."""
    text_encoders: tuple[Network, ...]
    others: int
    """The VAE and the networks beside the pipeline, which always stay on the device."""
    drawing: int
    """Activations while a picture of the model's own size is denoised."""
    decoding: int
    """Activations while it is decoded at once."""
    decoding_tile: int
    """Activations while it is decoded in tiles."""

    @property
    def weights(self) -> int:
        """The bytes of all weights."""
        return self.denoiser.whole + self._encoders + self.others

    @property
    def _encoders(self) -> int:
        return sum(each.whole for each in self.text_encoders)

    def peak(self, plan: Plan) -> int:
        """The most bytes on the device at any time: while a prompt is encoded, a step is taken, a picture decoded."""
        visiting = max((each.layers for each in self.text_encoders), default=0) if plan.encoders_leave else 0
        streaming = {"": 0, "group": self.denoiser.blocks, "sequential": self.denoiser.layers}[plan.offload]
        decoding = self.decoding_tile if plan.tiles else self.decoding
        return self.held(plan) + max(visiting, streaming + self.drawing, decoding)

    def held(self, plan: Plan) -> int:
        """The bytes of weights that a plan keeps on the device."""
        encoders = 0 if plan.encoders_leave else self._encoders
        return encoders + self.others + (self.denoiser.outside + plan.kept if plan.offload else self.denoiser.whole)

    def on_host(self, plan: Plan) -> int:
        """The bytes of weights that a plan keeps in the CPU's memory."""
        return self.weights - self.held(plan)

    @property
    def told(self) -> str:
        """What the model needs, in a sentence."""
        parts = {
            "network": self.denoiser.whole,
            "text encoders": self._encoders,
            "VAE": self.others,
            "drawing": self.peak(EVERYTHING) - self.weights,
        }
        listed = ", ".join(f"{name} {gigabytes(size)}" for name, size in parts.items() if size)
        most, least = self._range
        return f"It needs {most} GB of GPU memory ({listed}), or at least {least} GB with most of it streamed."

    @property
    def brief(self) -> str:
        """What the model needs, in a few words."""
        most, least = self._range
        return f"{most} GB of GPU memory, or at least {least} GB"

    @property
    def _range(self) -> tuple[str, str]:
        """The GB with everything on the device, and with the plan that needs least."""
        return gigabytes(self.peak(EVERYTHING)), gigabytes(min(map(self.peak, _PLANS)))


def plan(needs: Needs, room: float) -> Plan | None:
    """The cheapest plan that fits into `room` bytes of a device; None where nothing fits. Of blocks that are streamed,
    as many stay as there is room for beside twice the pictures, which share what is fetched."""
    usable = room * (1 - SPARE)
    for each in _PLANS:
        spare = usable - needs.peak(each)
        if spare >= 0:
            return replace(each, kept=int(max(spare - needs.drawing, 0))) if each.offload else each
    return None


def streaming(offload: str) -> Plan:
    """The plan of a host that wants the network streamed, whatever there is room for."""
    return Plan(encoders_leave=True, offload=offload) if offload else EVERYTHING


def gigabytes(size: float) -> str:
    return f"{size / GIGABYTE:.1f}"
