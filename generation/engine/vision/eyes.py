"""The models of one process, each loaded when it is first needed."""

from functools import cached_property
from io import BytesIO

import torch
from PIL import Image

from generation import infotext
from generation.engine.latents import png
from generation.engine.vision.background import BackgroundModel
from generation.engine.vision.captioner import Captioner
from generation.engine.vision.depth import DepthModel
from generation.engine.vision.pose import PoseModel
from generation.engine.vision.segmenter import Segmenter
from generation.vision import Caption, CutOut, Depth, Pose, Segment, VisionModels, VisionTask


class Eyes:
    """Does tasks. It raises what loading a model raises: `OSError`, `ValueError` and `RuntimeError`."""

    def __init__(self, models: VisionModels) -> None:
        self._models = models
        self._device = torch.device(models.device)

    @torch.inference_mode()
    def see(self, task: VisionTask) -> object:
        """The answer to a task: bytes of a PNG file, or texts."""
        with Image.open(BytesIO(task.picture)) as opened:
            picture, text = opened.convert("RGB"), str(opened.info.get(infotext.CHUNK_NAME, ""))
        match task:
            case Segment(_, name):
                return _png(self._segmenter.mask(picture, name))
            case Caption(_, number):
                return self._captioner.captions(picture, number)
            case CutOut():
                picture.putalpha(self._background.foreground(picture))
                return png.as_png(picture, 0, text).png
            case Depth():
                return _png(self._depth.nearness(picture))
            case Pose():
                return _png(self._pose.skeleton(picture))

    @cached_property
    def _segmenter(self) -> Segmenter:
        return Segmenter.read(self._models.segmenter, self._device)

    @cached_property
    def _captioner(self) -> Captioner:
        return Captioner.read(self._models.captioner, self._device)

    @cached_property
    def _background(self) -> BackgroundModel:
        return BackgroundModel.read(self._models.background, self._device)

    @cached_property
    def _depth(self) -> DepthModel:
        return DepthModel.read(self._models.depth, self._device)

    @cached_property
    def _pose(self) -> PoseModel:
        return PoseModel.read(self._models.pose, self._device)


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
