"""LoRAs of one model: which files change which of its networks (Hu et al., arXiv 2106.09685)."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from generation.engine.conditioning import lora_files
from generation.engine.conditioning.lora_files import Convert, LoraFile, Tensors
from generation.engine.conditioning.lora_names import SECOND_TEXT_ENCODER, THIRD_TEXT_ENCODER, UNET
from generation.engine.conditioning.lora_network import LoraNetwork, Strengths
from generation.errors import LoraUnavailable
from generation.loras import Loras, LoraSet

FILES = 4
"""How many LoRA files stay in memory, to be applied at other strengths."""


class LoraAdapters:
    """Applies LoRAs to the denoising network (`lora_names.UNET`, also where it is a transformer) and the text encoders
    of one model, each network on its own. The networks run on `device` and compute in `dtype`; `convert` knows names of
    layers that only diffusers knows."""

    def __init__(
        self,
        model: str,
        networks: Mapping[str, Any],
        loras: Loras,
        device: torch.device,
        dtype: torch.dtype,
        convert: Convert | None = None,
    ) -> None:
        self._model = model
        self._loras = loras
        self._convert = convert
        self._read = lru_cache(maxsize=FILES)(lambda file: self._fitted(self._read_anew(file)))
        self._networks = {part: LoraNetwork(part, each, self._read, device, dtype) for part, each in networks.items()}

    def apply_to_text_encoders(self, loras: LoraSet) -> None:
        """Apply `loras` and no others to the text encoders, and prepare them for the UNet.

        Raises `LoraUnavailable` where a file fits none of the networks, or not all of a network's layers.
        """
        for each in loras:
            file = self._file(each.name)
            if not any(self._read(file).parts.get(part) for part in self._networks):
                raise LoraUnavailable(f"{file} changes nothing in {self._model}")
        for part, network in self._networks.items():
            if part == UNET:
                network.prepare(self._strengths(part, loras))
            else:
                network.apply(self._strengths(part, loras))

    def apply_to_unet(self, loras: LoraSet) -> None:
        """Apply `loras` and no others to the UNet. Raises `LoraUnavailable`."""
        self._networks[UNET].apply(self._strengths(UNET, loras))

    def embeddings(self, loras: LoraSet) -> dict[str, Tensors]:
        """The tensors of embeddings that are packed with LoRAs, by their words. Raises `LoraUnavailable`."""
        return {word: each for lora in loras for word, each in self._read(self._file(lora.name)).embeddings.items()}

    def forget_idle(self) -> None:
        """Free what is kept of LoRAs that aren't applied."""
        for network in self._networks.values():
            network.forget_idle()

    def hashes(self, loras: LoraSet) -> dict[str, str]:
        """The hash of each LoRA's file, by the LoRA's name."""
        return {each.name: lora_files.hash_of(self._file(each.name)) for each in loras}

    def _file(self, name: str) -> Path:
        return self._loras.get(name, self._model).file

    def _strengths(self, part: str, loras: LoraSet) -> Strengths:
        scales = {each.name: each.scale if part == UNET else each.text_scale for each in loras}
        return tuple((self._file(name), scale) for name, scale in scales.items() if scale)

    def _read_anew(self, file: Path) -> LoraFile:
        """A file, with the names that diffusers gives to its layers where they are unknown here."""
        try:
            read = lora_files.read(file)
        except LoraUnavailable:
            if self._convert is None:
                raise
            return lora_files.read(file, self._convert)
        if self._convert is None or self._knows(read):
            return read
        try:
            return lora_files.read(file, self._convert)
        except LoraUnavailable:
            return read

    def _fitted(self, file: LoraFile) -> LoraFile:
        """A file whose change of the third text encoder is the second's, where there is no third: kohya's trainers
        count T5 as the third for FLUX.1 too."""
        if THIRD_TEXT_ENCODER in self._networks or SECOND_TEXT_ENCODER in file.parts:
            return file
        renamed = {THIRD_TEXT_ENCODER: SECOND_TEXT_ENCODER}
        return replace(file, parts={renamed.get(part, part): changes for part, changes in file.parts.items()})

    def _knows(self, file: LoraFile) -> bool:
        return all(
            network.fit.places.keys() >= file.parts.get(part, {}).keys() for part, network in self._networks.items()
        )
