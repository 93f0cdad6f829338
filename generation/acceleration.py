"""Options that make a GPU faster or let a larger model fit on it. All are off by default: measure them first."""

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
"""Attention backends, by the names of diffusers' `set_attention_backend`; "" leaves the default."""

OFFLOAD = ("", "group", "sequential")
"""How weights are offloaded to the CPU's memory until they are used: not at all, by block, or by layer."""


def check(attention: str, offload: str) -> None:
    """Raise `InvalidSetting` for an unknown name."""
    for field, name, names in (("attention", attention, ATTENTION), ("offload", offload, OFFLOAD)):
        if name not in names:
            raise InvalidSetting(field, f"It must be empty or one of {', '.join(names[1:])}; not {name}.")


@dataclass(frozen=True, slots=True)
class Acceleration:
    """How a model is accelerated. Raises `InvalidSetting` for an unknown name."""

    attention: str = ""
    compile: bool = False
    """Compile the repeated blocks of a network at their first forward."""
    fuse_projections: bool = False
    """Compute query, key and value of attention in one matrix product."""
    offload: str = ""

    def __post_init__(self) -> None:
        check(self.attention, self.offload)

    @property
    def forbids_loras(self) -> bool:
        """True where merged LoRA weights would have no effect."""
        return self.fuse_projections or bool(self.offload)


UNACCELERATED = Acceleration()
"""Everything off."""
