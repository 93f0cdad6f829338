"""IP-Adapter: images as a prompt beside the text.

Ye et al., arXiv 2308.06721. Decoupled cross attention adds keys and values for image embeddings. Its attention
processors are swapped for the UNet's own where a forward has no image prompt, so that such pictures do not change.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Self

import torch
from PIL import Image

from generation.engine.conditioning.rows import ImagePrompts
from generation.engine.runtime import hub
from generation.jobs import IMAGE_PROMPTS

_STYLE = "up_blocks.0.attentions.1."
"""The layers of Stable Diffusion XL that take the style of a picture and not its content (Wang et al., arXiv
2404.02733)."""


class IpAdapter:
    """The IP-Adapter of one UNet, with its image encoder."""

    def __init__(self, unet: Any, encoder: Any, extractor: Any, projection: Any, processors: dict[str, Any]) -> None:
        own = unet.attn_processors
        self._encoder = encoder
        self._extractor = extractor
        self._projection = projection
        self._layers = [
            (unet.get_submodule(name.removesuffix(".processor")), own[name], processor, name.startswith(_STYLE))
            for name, processor in processors.items()
            if hasattr(processor, "to_k_ip")
        ]
        """For each cross attention layer: the layer, its own attention processor, the one with image prompts, and
        whether it is one for style."""
        for _layer, _own, processor, _is_style in self._layers:  # each image prompt is read by the same weights
            for read in (processor.to_k_ip, processor.to_v_ip):
                read.extend([read[0]] * len(IMAGE_PROMPTS))
        self._on = False

    @classmethod
    def read(cls, file: Path, encoder: Path, pipeline: Any) -> Self:
        """Read a .safetensors file and the folder of its image encoder for the UNet of diffusers' `pipeline`.

        Raises `OSError` or `ValueError`.
        """
        from transformers import CLIPVisionModelWithProjection

        unet, own = pipeline.unet, pipeline.unet.attn_processors
        network = CLIPVisionModelWithProjection.from_pretrained(
            encoder, dtype=unet.dtype, local_files_only=True, use_safetensors=True
        )
        pipeline.register_modules(image_encoder=network.to(unet.device))
        pipeline.load_ip_adapter(
            str(file.parent), subfolder="", weight_name=file.name, image_encoder_folder=None, local_files_only=True
        )
        projection, processors = unet.encoder_hid_proj, unet.attn_processors
        for added in (projection, *processors.values()):  # a UNet that is streamed does not take them along
            if isinstance(added, torch.nn.Module):
                added.to(unet.device, unet.dtype)
        unet.encoder_hid_proj, unet.config.encoder_hid_dim_type = None, None
        unet.set_attn_processor(dict(own))
        return cls(unet, pipeline.image_encoder.eval(), pipeline.feature_extractor, projection.eval(), processors)

    @property
    def has_style(self) -> bool:
        """True where the UNet has layers that are known to take the style alone."""
        return any(is_style for *_, is_style in self._layers)

    @torch.inference_mode()
    def encode(self, groups: Sequence[Sequence[Image.Image]]) -> tuple[torch.Tensor, torch.Tensor]:
        """The embeddings of image prompts, and those of as many without a picture; each is (1, prompts, tokens, width).
        An image prompt is the mean of the CLIP embeddings of one of the `groups`."""
        encoded = [self._encode(pictures) for pictures in groups]
        tokens, no_tokens = (torch.cat(each, 1) for each in zip(*encoded, strict=True))
        return tokens, no_tokens

    def _encode(self, pictures: Sequence[Image.Image]) -> tuple[torch.Tensor, torch.Tensor]:
        from diffusers.models.embeddings import ImageProjection

        encoder = self._encoder
        [projection] = self._projection.image_projection_layers
        pixels = self._extractor(list(pictures), return_tensors="pt").pixel_values.to(encoder.device, encoder.dtype)
        if isinstance(projection, ImageProjection):
            embeddings = encoder(pixels).image_embeds.mean(0, keepdim=True)
            unconditional = torch.zeros_like(embeddings)
        else:
            embeddings, unconditional = (
                encoder(each, output_hidden_states=True).hidden_states[-2].mean(0, keepdim=True)
                for each in (pixels, torch.zeros_like(pixels[:1]))
            )
        tokens, no_tokens = (self._projection([each[None]])[0] for each in (embeddings, unconditional))
        return tokens, no_tokens

    def unet_arguments(
        self,
        pictures: Sequence[ImagePrompts],
        styles: Sequence[ImagePrompts],
        encoder_hidden_states: torch.Tensor,
        **_: object,
    ) -> dict[str, torch.Tensor | tuple[torch.Tensor, list[torch.Tensor]]]:
        """Keyword arguments for the next forward of the UNet: the text embeddings with those of image prompts beside
        them. Sets the attention processors. `pictures` and `styles` have those of each row, with the same scales, or
        are empty."""
        given = [each for each in (pictures, styles) if each]
        if self._on != bool(given):
            self._on = bool(given)
            for layer, own, with_pictures, _is_style in self._layers:
                layer.set_processor(with_pictures if self._on else own)
        if not given:
            return {}
        for _layer, _own, with_pictures, is_style in self._layers:
            with_pictures.scale = [
                scale if each is pictures or is_style else 0.0 for each in given for scale in each[0].scales
            ]
        prompts = [torch.cat([row.tensor for row in each]) for each in given]
        embeddings = [one for each in prompts for one in each.tensor_split(each.shape[1], dim=1)]
        return {"encoder_hidden_states": (encoder_hidden_states, embeddings)}


def fetched(source: str, image_encoder: str, report: hub.Report | None) -> tuple[Path, Path]:
    """The paths of an adapter's .safetensors file and of its image encoder's folder, downloaded where needed.

    `image_encoder` names that folder; empty means the folder `image_encoder` beside the file. Without `report` nothing
    is downloaded. Raises `OSError` or `ValueError`.
    """
    file = Path(source).expanduser()
    if file.suffix != ".safetensors":
        raise ValueError(f"{source} isn't a .safetensors file. Other formats can run code when they are loaded")
    inside = image_encoder or "image_encoder"
    if file.is_file():
        return file, file.parent / inside
    owner, repository, *path = PurePosixPath(source).parts
    name = PurePosixPath(*path)
    encoder = PurePosixPath(inside) if "/" in inside else name.parent / inside
    wanted = [str(name), *(f"{encoder}/{each}" for each in (hub.ABOUT, *hub.WEIGHTS))]
    folder = hub.fetched(f"{owner}/{repository}", wanted, report)
    return folder / name, folder / encoder
