"""Options that make a GPU faster, or take less of its memory. All are off by default."""

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
"""Attention backends, by the names of diffusers' `set_attention_backend`; "" keeps the default."""

OFFLOAD = ("", "group", "sequential")
"""Offloading to the CPU until needed: nothing, blocks, or single layers."""


def check(attention: str, offload: str) -> None:
    """Raise `InvalidSetting` for an unknown name."""
    for field, name, names in (("attention", attention, ATTENTION), ("offload", offload, OFFLOAD)):
        if name not in names:
            raise InvalidSetting(field, f"It must be empty or one of {', '.join(names[1:])}; not {name}.")


@dataclass(frozen=True, slots=True)
class Acceleration:
    """How a model is run. Raises `InvalidSetting` for an unknown name."""

    attention: str = ""
    compile: bool = False
    """Compile a network's repeated blocks at their first use."""
    fuse_projections: bool = False
    """Compute query, key and value of attention with one matrix product."""
    offload: str = ""

    def __post_init__(self) -> None:
        check(self.attention, self.offload)

    @property
    def forbids_loras(self) -> bool:
        """True where the layers that LoRAs change are not those that are computed."""
        return self.fuse_projections


UNACCELERATED = Acceleration()
