"""LoRAs of models with a diffusers pipeline of their own, loaded by diffusers and peft."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file

from generation.engine.conditioning import lora_files
from generation.engine.models.pipeline_trial import MISFITS
from generation.errors import LoraUnavailable
from generation.loras import Lora, Loras, LoraSet

KEPT = 8
"""LoRAs that stay beside a model's networks; where there are more, all go that are not applied."""

_UNREAD = (OSError, SafetensorError, *MISFITS)
"""Errors of diffusers and peft for files that they can't read, or that fit other networks."""


class PipelineLoras:
    """Applies LoRAs to the networks of one pipeline. Without any, its pixels stay the same to the last bit."""

    def __init__(self, model: str, pipeline: Any, loras: Loras) -> None:
        self._model = model
        self._pipeline = pipeline
        self._loras = loras
        self._names: dict[Path, str] = {}
        """The adapter of each file that is loaded."""
        self._loaded = 0
        self._applied: LoraSet | None = ()
        """None while they change, and after that has failed."""

    def apply(self, loras: LoraSet) -> None:
        """Apply `loras` and no others. Raises `LoraUnavailable`."""
        if loras == self._applied:
            return
        files = [self._file(each) for each in loras]
        self._applied = None
        self._forget_all_but(files)
        names = [self._names.get(file) or self._load(file) for file in files]
        if loras:
            self._pipeline.enable_lora()
            self._pipeline.set_adapters(names, [self._scales(*each) for each in zip(names, loras, strict=True)])
        elif self._names:
            self._pipeline.disable_lora()
        self._applied = loras

    def hashes(self, loras: LoraSet) -> dict[str, str]:
        """The hashes of the files of LoRAs, by LoRA name."""
        return {each.name: lora_files.hash_of(self._file(each)) for each in loras}

    def _scales(self, name: str, lora: Lora) -> dict[str, float]:
        """The scale of a LoRA for each network that its adapter changes."""
        adapters = self._pipeline.get_list_adapters()
        changed = [part for part, names in adapters.items() if name in names]
        return {part: lora.text_scale if part.startswith("text_encoder") else lora.scale for part in changed}

    def _file(self, lora: Lora) -> Path:
        return self._loras.get(lora.name, self._model).file

    def _load(self, file: Path) -> str:
        """Load a file as a new adapter; its name. What has failed leaves nothing behind."""
        self._loaded += 1
        name = f"lora_{self._loaded}"
        try:
            self._pipeline.load_lora_weights(lora_files.without_embeddings(load_file(file)), adapter_name=name)
        except _UNREAD as reason:
            self._forget_all()
            raise LoraUnavailable(f"{file} does not fit {self._model}: {reason}") from reason
        if not any(name in adapters for adapters in self._pipeline.get_list_adapters().values()):
            self._forget_all()
            raise LoraUnavailable(f"{file} changes nothing in {self._model}")
        self._names[file] = name
        return name

    def _forget_all(self) -> None:
        self._pipeline.unload_lora_weights()
        self._names.clear()

    def _forget_all_but(self, files: Sequence[Path]) -> None:
        if len({*self._names, *files}) <= KEPT:
            return
        leaving = [file for file in self._names if file not in files]
        self._pipeline.delete_adapters([self._names.pop(file) for file in leaving])
