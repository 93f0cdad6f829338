"""How a person stands, by ViTPose (arXiv 2204.12484), drawn as ControlNets for poses were trained to read it: the
coloured limbs of OpenPose (arXiv 1812.08008)."""

from PIL import Image, ImageDraw

from generation.engine.vision.network import VisionNetwork

SURE = 0.3
"""The score from which a joint is drawn."""

_NECK = 17
"""The joint in the middle of the shoulders, which OpenPose has beside those of COCO."""

_LEFT_SHOULDER, _RIGHT_SHOULDER = 5, 6

_LIMBS = (
    (_NECK, 6),
    (_NECK, 5),
    (6, 8),
    (8, 10),
    (5, 7),
    (7, 9),
    (_NECK, 12),
    (12, 14),
    (14, 16),
    (_NECK, 11),
    (11, 13),
    (13, 15),
    (_NECK, 0),
    (0, 2),
    (2, 4),
    (0, 1),
    (1, 3),
)
"""Pairs of joints, numbered as COCO does, in the order of OpenPose's colours."""

_COLOURS = (
    (255, 0, 0),
    (255, 85, 0),
    (255, 170, 0),
    (255, 255, 0),
    (170, 255, 0),
    (85, 255, 0),
    (0, 255, 0),
    (0, 255, 85),
    (0, 255, 170),
    (0, 255, 255),
    (0, 170, 255),
    (0, 85, 255),
    (0, 0, 255),
    (85, 0, 255),
    (170, 0, 255),
    (255, 0, 255),
    (255, 0, 170),
)

_THICKNESS = 1 / 128
"""Width of a limb, as a share of the picture's longer side."""

Joints = dict[int, tuple[float, float]]
"""The places of the joints that are seen, in pixels."""


class PoseModel(VisionNetwork):
    """Finds the joints of the person that fills a picture."""

    NETWORK = "VitPoseForPoseEstimation"
    PROCESSOR = "AutoProcessor"

    def joints(self, picture: Image.Image) -> Joints:
        """The joints that are seen, by COCO's numbers, and the neck."""
        whole = [[[0.0, 0.0, float(picture.width), float(picture.height)]]]
        given = self._processor(picture, boxes=whole, return_tensors="pt").to(self._device)
        outputs = self._network(**given)
        [[person]] = self._processor.post_process_pose_estimation(outputs, boxes=whole)
        places = zip(person["labels"].tolist(), person["keypoints"].tolist(), person["scores"].tolist(), strict=True)
        joints = {label: (place[0], place[1]) for label, place, score in places if score >= SURE}
        if _LEFT_SHOULDER in joints and _RIGHT_SHOULDER in joints:
            (left, top), (right, bottom) = joints[_LEFT_SHOULDER], joints[_RIGHT_SHOULDER]
            joints[_NECK] = (left + right) / 2, (top + bottom) / 2
        return joints

    def skeleton(self, picture: Image.Image) -> Image.Image:
        """The person's limbs on black, in the picture's size."""
        return drawn(self.joints(picture), picture.size)


def drawn(joints: Joints, size: tuple[int, int]) -> Image.Image:
    """The limbs between joints that are seen, on black."""
    image = Image.new("RGB", size)
    pen, width = ImageDraw.Draw(image), max(round(max(size) * _THICKNESS), 1)
    for (one, other), colour in zip(_LIMBS, _COLOURS, strict=True):
        if one in joints and other in joints:
            pen.line((joints[one], joints[other]), colour, width)
    for (left, top), colour in zip(joints.values(), _COLOURS, strict=False):
        pen.ellipse((left - width, top - width, left + width, top + width), colour)
    return image
