"""The faces of a finished picture, drawn anew one after the other: each enlarged, by image to image, and put back."""

from collections.abc import Sequence
from dataclasses import replace

from PIL import Image, ImageChops

from generation import abilities, cost, suitability
from generation.engine.denoising.init_image import InitImage
from generation.engine.denoising.state import DenoisingState
from generation.faces import Face, enlarged, largest, settings_of
from generation.pictures import Preview
from generation.settings import GenerationSettings

SHOWN = 256
"""Pixels of the longer side of a picture in a preview of its faces."""


class FaceRedrawing:
    """Draws the faces of one picture anew. `image` is the picture as it is so far."""

    def __init__(
        self,
        image: Image.Image,
        boxes: Sequence[tuple[float, float, float, float]],
        settings: GenerationSettings,
        changeable: Image.Image | None = None,
    ) -> None:
        """`boxes` are those of the faces, `settings` those of the picture. Nothing changes where `changeable`, of the
        picture's size, is black."""
        self.image = image
        self._settings = settings
        self._changeable = changeable
        faces = largest(list(boxes), image.size)
        self._waiting = [each for each in faces if changeable is None or changeable.crop(each.box).getbbox()]
        self._current: Face | None = None
        self.found = len(self._waiting)
        """How many faces are drawn anew."""

    @property
    def steps(self) -> int:
        """The steps of all faces."""
        return self.found * cost.steps_drawn(settings_of(self._settings, self._settings.width, self._settings.height))

    def following(self, before: DenoisingState) -> DenoisingState | None:
        """The state of the next face, after the state `before`; None where there is no other face."""
        self._current = self._waiting.pop(0) if self._waiting else None
        if self._current is None:
            return None
        spec = before.model.spec
        able = abilities.of(spec)
        usual = enlarged(self._current.size, (spec.width, spec.height))
        size = suitability.nearest_size(*usual, able)
        crop = self.image.crop(self._current.crop).resize(size, Image.Resampling.LANCZOS)
        return DenoisingState(
            before.model,
            settings_of(self._settings, *size),
            InitImage(crop, self._current.mask(size)),
            before.step,
            replace(before.guides, controls=()),  # their lines are those of the whole picture
        )

    def put_back(self, drawn: Image.Image) -> None:
        """Blend the drawn crop into the picture; outside of the face's box no pixel changes."""
        assert self._current is not None
        mask = self._current.soft_mask()
        if self._changeable:
            mask = ImageChops.darker(mask, self._changeable.crop(self._current.crop))
        self.image = self.image.copy()
        small = drawn.resize(self._current.size, Image.Resampling.LANCZOS)
        self.image.paste(small, self._current.crop[:2], mask)

    def shown(self, preview: Preview) -> Preview:
        """The picture as it is so far, with a preview of the crop that is being drawn; without faces, the `preview`."""
        if not self.found:
            return preview
        picture = self.image.copy()
        picture.thumbnail((SHOWN, SHOWN))
        if self._current:
            share = picture.width / self.image.width
            left, top, right, bottom = (round(side * share) for side in self._current.crop)
            crop = Image.frombytes("RGB", (preview.width, preview.height), preview.rgb)
            picture.paste(crop.resize((max(right - left, 1), max(bottom - top, 1))), (left, top))
        return Preview(picture.width, picture.height, picture.tobytes(), decoded=True)
