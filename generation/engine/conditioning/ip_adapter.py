"""IP-Adapter: pictures as a prompt beside the words.

Ye et al., arXiv 2308.06721. The UNet's cross attention gets a second pair of ears, for what an image encoder makes of
the pictures; they are taken off for whatever has no image prompt, which is then drawn as if there were none.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Self

import torch
from PIL import Image

from generation.engine.conditioning.text_encoders import Guide
from generation.engine.runtime import hub


class IpAdapter:
    """An IP-Adapter of one model."""

    def __init__(self, unet: Any, encoder: Any, extractor: Any, projection: Any, processors: dict[str, Any]) -> None:
        own = unet.attn_processors
        self._encoder = encoder
        self._extractor = extractor
        self._projection = projection
        self._layers = [
            (unet.get_submodule(name.removesuffix(".processor")), own[name], processor)
            for name, processor in processors.items()
            if hasattr(processor, "to_k_ip")
        ]
        """Of each layer of cross attention: itself, how it attends by itself, and how with image prompts."""
        self._on = False

    @classmethod
    def read(cls, file: Path, encoder: Path, pipeline: Any) -> Self:
        """Of a .safetensors file and the folder of its image encoder, for the model of diffusers' `pipeline`. Raises
        `OSError` or `ValueError`."""
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
        unet.encoder_hid_proj, unet.config.encoder_hid_dim_type = None, None
        unet.set_attn_processor(dict(own))
        return cls(unet, pipeline.image_encoder.eval(), pipeline.feature_extractor, projection.eval(), processors)

    @torch.inference_mode()
    def hear(self, pictures: Sequence[Image.Image]) -> tuple[torch.Tensor, torch.Tensor]:
        """What the UNet hears of `pictures`, all at once: the mean of what the encoder makes of them; and what it hears
        of none. Each (1, 1, tokens, width)."""
        from diffusers.models.embeddings import ImageProjection

        encoder = self._encoder
        [projection] = self._projection.image_projection_layers
        pixels = self._extractor(list(pictures), return_tensors="pt").pixel_values.to(encoder.device, encoder.dtype)
        if isinstance(projection, ImageProjection):
            heard = encoder(pixels).image_embeds.mean(0, keepdim=True)
            silence = torch.zeros_like(heard)
        else:
            heard, silence = (
                encoder(each, output_hidden_states=True).hidden_states[-2].mean(0, keepdim=True)
                for each in (pixels, torch.zeros_like(pixels[:1]))
            )
        tokens, nothing = (self._projection([each[None]])[0] for each in (heard, silence))
        return tokens, nothing

    def heard(
        self, pictures: Sequence[Guide], encoder_hidden_states: torch.Tensor, **_: object
    ) -> dict[str, torch.Tensor | tuple[torch.Tensor, list[torch.Tensor]]]:
        """The text's embeddings with what is heard of pictures beside them, for the next forward of the UNet: one for
        each row, all of one scale, or none for any."""
        if self._on != bool(pictures):
            self._on = bool(pictures)
            for layer, own, with_pictures in self._layers:
                layer.set_processor(with_pictures if self._on else own)
        if not pictures:
            return {}
        for _layer, _own, with_pictures in self._layers:
            with_pictures.scale = [pictures[0].scale]
        return {"encoder_hidden_states": (encoder_hidden_states, [torch.cat([each.tensor for each in pictures])])}


def fetched(source: str, image_encoder: str, report: hub.Report | None) -> tuple[Path, Path]:
    """An adapter's .safetensors file, and the folder of its image encoder: on this machine, or of a hub's repository.

    `image_encoder` is that folder, its weights a .safetensors file too; if empty, the one of that name beside the
    file. Without `report` nothing is fetched. Raises `OSError` or `ValueError`.
    """
    file = Path(source).expanduser()
    if file.suffix != ".safetensors":
        raise ValueError(f"{source} is no .safetensors file; others could run code")
    inside = image_encoder or "image_encoder"
    if file.is_file():
        return file, file.parent / inside
    owner, repository, *path = PurePosixPath(source).parts
    name = PurePosixPath(*path)
    encoder = PurePosixPath(inside) if "/" in inside else name.parent / inside
    wanted = [str(name), *(f"{encoder}/{each}" for each in (hub.ABOUT, *hub.WEIGHTS))]
    folder = hub.fetched(f"{owner}/{repository}", wanted, report)
    return folder / name, folder / encoder
