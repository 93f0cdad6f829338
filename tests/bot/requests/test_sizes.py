import pytest

from bot.policy.effective import EffectiveRules, Layer, Range
from bot.requests.sizes import Room, fitted, room
from generation.settings import Limits, PartialSettings

Aspect = tuple[int, int]


@pytest.mark.parametrize(
    ("aspect", "size"), [((1, 1), (512, 512)), ((3, 2), (624, 416)), ((9, 16), (384, 680)), ((4, 1), (1024, 256))]
)
def test_an_aspect_keeps_the_area(aspect: Aspect, size: Aspect) -> None:
    assert fitted(aspect, 512, 512, Room()) == size


@pytest.mark.parametrize(
    ("aspect", "widths", "heights", "size"),
    [
        ((2, 1), (64, 128), (64, 128), (128, 64)),
        ((4, 1), (64, 128), (64, 128), (128, 64)),
        ((1, 1), (64, 96), (64, 2048), (96, 96)),
        ((1, 1), (256, 2048), (64, 2048), (256, 256)),
        ((3, 2), (128, 128), (64, 2048), (128, 88)),
        ((4, 1), (256, 512), (256, 512), (512, 256)),
    ],
)
def test_an_aspect_stays_inside_of_what_is_allowed(
    aspect: Aspect, widths: Aspect, heights: Aspect, size: Aspect
) -> None:
    assert fitted(aspect, 128, 128, Room(widths, heights)) == size


def test_what_is_allowed_is_in_multiples_of_eight() -> None:
    effective = EffectiveRules((), Limits(side=500), Limits(), {"width": Range(least=101), "height": Range(most=203)})
    assert room(effective, 1.0, asked=True) == Room((104, 496), (64, 200))
    assert room(effective, 2.0, asked=True) == Room((104, 248), (64, 200))


def test_a_locked_side_stays_and_two_refuse_what_is_asked_for() -> None:
    layers = (Layer("this server", PartialSettings(width=512, height=256)),)
    one = EffectiveRules(layers, Limits(), Limits(), locked=frozenset({"width", "steps"}))
    both = EffectiveRules(layers, Limits(), Limits(), locked=frozenset({"width", "height"}))
    for asked in (True, False):
        assert room(one, 1.0, asked=asked) == Room((512, 512), (64, 2048))
    assert room(both, 1.0, asked=True) == Room()
    assert room(both, 1.0, asked=False) == Room((512, 512), (256, 256))
