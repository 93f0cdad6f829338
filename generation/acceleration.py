"""What may make a GPU faster, or let a model fit on it. All of it is off unless a host has seen that it helps."""

from dataclasses import dataclass

from generation.errors import InvalidSetting

ATTENTION = (
    "",
    "native",
    "_native_flash",
    "_native_efficient",
    "_native_cudnn",
    "_native_math",
    "xformers",
    "flash",
    "_flash_3",
    "sage",
)
"""Who computes attention, by the names of diffusers' `set_attention_backend`; "" leaves it as it is."""

OFFLOAD = ("", "group", "sequential")
"""What stays in the processor's memory until it is computed with: nothing, blocks, or single layers."""


def check(attention: str, offload: str) -> None:
    """Raise `InvalidSetting` for a name that is none."""
    for field, name, names in (("attention", attention, ATTENTION), ("offload", offload, OFFLOAD)):
        if name not in names:
            raise InvalidSetting(field, f"It must be empty or one of {', '.join(names[1:])}; not {name}.")


@dataclass(frozen=True, slots=True)
class Acceleration:
    """How a model is computed with. Raises `InvalidSetting` for a name that is none."""

    attention: str = ""
    compile: bool = False
    """The repeated blocks of a network are compiled, when they are first computed with."""
    fuse_projections: bool = False
    """Query, key and value of attention by one product."""
    offload: str = ""

    def __post_init__(self) -> None:
        check(self.attention, self.offload)

    @property
    def forbids_loras(self) -> bool:
        """True where changed weights would not reach what is computed with."""
        return self.fuse_projections or bool(self.offload)


UNACCELERATED = Acceleration()
