"""ControlNets: networks that make a picture follow the edges, depth or pose of control images.

Zhang et al., arXiv 2302.05543. The residuals of several are added; a ControlNet-Union takes several images itself and
is told what each shows.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy
import torch
from PIL import Image

from generation import controls, images
from generation.catalogue import ModelSpec
from generation.controls import Control
from generation.engine.conditioning.rows import ControlCondition
from generation.errors import ModelUnavailable, Unsuitable

_UNION = "ControlNetUnionModel"


def read_controlnet(folder: Path, device: torch.device, dtype: torch.dtype) -> Any:
    """Read a ControlNet or a ControlNet-Union from a folder in diffusers' format. Raises `OSError` or `ValueError`."""
    from diffusers import ControlNetModel, ControlNetUnionModel

    named = json.loads((folder / "config.json").read_text()).get("_class_name")
    kind = ControlNetUnionModel if named == _UNION else ControlNetModel
    network = kind.from_pretrained(folder, dtype=dtype, use_safetensors=True, local_files_only=True)
    return network.to(device).eval()


def control_pixels(image: Image.Image, width: int, height: int) -> torch.Tensor:
    """The control image as the ControlNet takes it: (1, 3, height, width), from 0 to 1."""
    values = numpy.asarray(images.fitted(image, width, height), dtype=numpy.float32) / 255
    return torch.from_numpy(values).permute(2, 0, 1)[None]


@dataclass(frozen=True)
class ControlNets:
    """The ControlNets of one model, by name; see `controls.network_for`."""

    spec: ModelSpec
    networks: Mapping[str, Any]

    def condition(self, control: Control, pixels: torch.Tensor, scale: float) -> ControlCondition:
        """What a row is conditioned on by `pixels` of a control picture, where the control names no scale at `scale`.

        Raises `ModelUnavailable` where the model has no ControlNet for it, and `Unsuitable` where that one does not
        know what the picture shows.
        """
        name = controls.network_for(control.kind, self.networks)
        if name is None:
            raise ModelUnavailable(f"{self.spec.name} has no ControlNet for {control.kind}")
        own = scale if control.scale is None else control.scale
        return ControlCondition(pixels, own, name, self._mode(name, control), control.start, control.end)

    def _mode(self, name: str, control: Control) -> int | None:
        """The control type of a ControlNet-Union; None for another network."""
        config = self.networks[name].config
        if (types := getattr(config, "num_control_type", None)) is None:
            return None
        mode = controls.UNION_MODES.get(control.kind)
        if mode is None or mode >= types:
            raise Unsuitable(
                "The ControlNet of {model} doesn't know what “{kind}” shows. Choose another `control`.",
                model=self.spec.name,
                kind=control.kind,
            )
        return mode

    def residuals(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        conditioning: Mapping[str, Any],
        rows: Sequence[Sequence[ControlCondition]],
    ) -> dict[str, Any]:
        """The sum of all residuals, as keyword arguments of the UNet's forward; empty where no row has a control.

        `latents` are (rows, channels, h, w) at unit variance, `timesteps` (rows,); all rows have the same networks.
        """
        down: Any = None
        mid: Any = None
        columns = sorted(zip(*rows, strict=True), key=lambda column: column[0].mode is not None)
        for name, group in groupby(columns, key=lambda column: column[0].network):
            alike = list(group)
            given = latents, timesteps, conditioning
            runs = [alike] if alike[0][0].mode is not None else [[column] for column in alike]
            for run in runs:
                own_down, own_mid = self._run(self.networks[name], run, *given)
                down = own_down if down is None else [one + other for one, other in zip(down, own_down, strict=True)]
                mid = own_mid if mid is None else mid + own_mid
        return {} if down is None else {"down_block_additional_residuals": down, "mid_block_additional_residual": mid}

    def _run(
        self,
        network: Any,
        columns: Sequence[Sequence[ControlCondition]],
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        conditioning: Mapping[str, Any],
    ) -> tuple[Sequence[torch.Tensor], torch.Tensor]:
        """One forward of a network; `columns` are its controls, with one condition for each row."""
        pixels = [torch.cat([each.tensor for each in column]) for column in columns]
        modes = [column[0].mode for column in columns]
        if None in modes:
            [control], [column] = pixels, columns
            scales = torch.tensor([each.scale for each in column], device=latents.device, dtype=latents.dtype)
            told: dict[str, Any] = {"controlnet_cond": control, "conditioning_scale": scales.view(-1, 1, 1, 1)}
        else:
            types = torch.zeros(len(latents), network.config.num_control_type)
            types[:, modes] = 1
            told = {
                "controlnet_cond": pixels,
                "control_type": types.to(latents.device, latents.dtype),
                "control_type_idx": modes,
                "conditioning_scale": [column[0].scale for column in columns],
            }
        down, mid = network(latents, timesteps, return_dict=False, **told, **conditioning)
        return down, mid


def running(conditions: Sequence[ControlCondition], step: int, steps: int) -> tuple[ControlCondition, ...]:
    """The controls of a step, counted from 0, of so many.

    A ControlNet-Union with several images goes on where one of them has ended, at a scale of 0 for that one, as in
    diffusers' pipelines.
    """
    in_union = sum(each.mode is not None for each in conditions)
    kept = []
    for each in conditions:
        if each.start <= step / steps and (step + 1) / steps <= each.end:
            kept.append(each)
        elif each.mode is not None and in_union > 1:
            kept.append(replace(each, scale=0.0))
    return tuple(kept)
