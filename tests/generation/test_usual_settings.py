"""Settings for a model of which only its files and its name are known."""

from typing import Any

import pytest

from generation import usual_settings
from generation.sources import Description


@pytest.mark.parametrize(
    ("description", "name", "expected"),
    [
        (Description("StableDiffusionPipeline"), "dreams", {"width": 512, "steps": 25, "guidance_scale": 7.0}),
        (Description("StableDiffusionXLPipeline"), "sd_xl", {"width": 1024, "steps": 30, "clip_skip": 2}),
        (Description("StableDiffusionXLInpaintPipeline"), "sd_xl", {"width": 1024, "clip_skip": 2}),
        (Description("StableDiffusionXLPipeline"), "real_Lightning", {"steps": 6, "sampler": "DPM++ SDE Karras"}),
        (Description("StableDiffusionPipeline"), "some-lcm", {"steps": 6, "sampler": "LCM"}),
        (Description("StableDiffusionXLPipeline"), "noob V-Pred", {"prediction": "v-ztsnr", "sampler": "Euler"}),
        (Description("FluxPipeline", told_guidance=True), "dev", {"steps": 28, "guidance_scale": 3.5}),
        (Description("FluxPipeline"), "schnell", {"steps": 4, "guidance_scale": 1.0}),
        (Description("Flux2KleinPipeline", distilled=True), "klein", {"steps": 4, "guidance_scale": 1.0}),
        (Description("ZImagePipeline"), "Z-Image-Turbo", {"steps": 9, "guidance_scale": 1.0}),
        (Description("ZImagePipeline"), "Z-Image", {"steps": 50, "guidance_scale": 4.0}),
        (Description("QwenImageEditPlusPipeline"), "edit", {"width": 1328, "steps": 50}),
        (Description("SanaPipeline"), "sana", {"width": 1024, "steps": 28}),
    ],
)
def test_what_suits_a_model(description: Description, name: str, expected: dict[str, Any]) -> None:
    settings = usual_settings.of(description, name)
    assert {key: settings.get(key) for key in expected} == expected


def test_of_an_unknown_model_nothing_is_known() -> None:
    assert not usual_settings.of(None, "turbo")
    assert not usual_settings.of(Description(""), "turbo")
