"""What the models of transformers share that look at pictures."""

from typing import Any, ClassVar, Self

import torch

from generation.engine.runtime import hub


class VisionNetwork:
    """A network with its processor, in float32, which looks at one picture at a time."""

    NETWORK: ClassVar[str]
    PROCESSOR: ClassVar[str]
    """Classes of transformers."""

    def __init__(self, network: Any, processor: Any, device: torch.device) -> None:
        self._network = network.eval().to(device)
        self._processor = processor
        self._device = device

    @classmethod
    def read(cls, source: str, device: torch.device) -> Self:
        """Read a model from a hub id or a folder. Raises `OSError`, `ValueError` and `RuntimeError`."""
        import transformers

        folder = hub.transformer(source, hub.silent)
        network = getattr(transformers, cls.NETWORK).from_pretrained(folder, use_safetensors=True, dtype=torch.float32)
        return cls(network, getattr(transformers, cls.PROCESSOR).from_pretrained(folder), device)
