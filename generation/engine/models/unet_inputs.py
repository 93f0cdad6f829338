"""UNets by what they take beside the latents."""

from generation import sources
from generation.sources import Family

NEEDS = {
    5: "a depth map, which people can't give it here; choose another model",
    7: "a small picture to enlarge; choose another model, Noisefox has upscalers of its own",
}
"""What a UNet with so many input channels needs, where latents have four."""


def check(source: str) -> None:
    """Raise `ValueError` for a UNet with inputs that Noisefox does not have: depth models and upscalers.

    It is read from the config or from the head of a file, before any weights.
    """
    channels = sources.unet_channels(source)
    if channels is None:
        return
    taken, latents = channels
    if latents == 4 and taken in NEEDS:
        raise ValueError(f"its UNet takes {taken} channels: besides latents it needs {NEEDS[taken]}")
    known = taken in (latents, 2 * latents, 2 * latents + 1)
    if sources.family_of(source) not in (Family.OTHER, None) and not known:
        raise ValueError(
            f"its UNet takes {taken} channels, and latents have {latents}; besides them, Noisefox has only a mask with "
            "a picture, or a picture to edit"
        )
