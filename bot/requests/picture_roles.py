"""The roles that given pictures have in a request, as fields of `Inputs`."""

from collections.abc import Mapping, Sequence

from generation import controls
from generation.errors import InvalidSetting
from generation.settings import PartialSettings

CONTROL = "control"
STYLE = "style_image"

BY_FLAGS = ""
"""The role of a picture that no option names: flags decide, and it is the start picture without any."""

FIRST_PICTURE = {"image": 0}


def weighed(chosen: PartialSettings) -> dict[str, bool]:
    """For each role that a weight or a kind can give to a picture: whether that is `chosen`."""
    return {
        CONTROL: chosen.control_scale is not None or bool(chosen.controls),
        "image_prompt": chosen.image_prompt_scale is not None,
        STYLE: chosen.style_scale is not None,
    }


def of(chosen: PartialSettings, named: Sequence[str]) -> dict[str, int]:
    """Which of the given pictures has each role; `named` has the role that an option gives to each, or `BY_FLAGS`.

    A weight or a kind that is `chosen` is for the picture named so, or else for the one that nobody names. One picture
    can be followed in several ways. Raises `InvalidSetting` for more control pictures than work at once, and
    where several have not one kind each.
    """
    by_flags = [role for role, is_chosen in weighed(chosen).items() if is_chosen and role not in named]
    given: list[tuple[str, int]] = []
    for index, role in enumerate(named):
        given += [(each, index) for each in (by_flags or ["image"] if role in (BY_FLAGS, "image") else [role])]
    following = [index for role, index in given if role in controls.ROLES]
    kinds = len(chosen.controls or ())
    if max(len(following), kinds if following else 0) > controls.MOST:
        raise InvalidSetting("controls", "At most {most} controls work at once. Remove the others.", most=controls.MOST)
    if len(following) > 1 and kinds not in (0, len(following)):
        raise InvalidSetting(
            "controls",
            "You gave {pictures} control pictures and {kinds} kinds of control. Name one kind for each, or attach one "
            "picture only.",
            pictures=len(following),
            kinds=kinds,
        )
    roles = {role: index for role, index in given if role not in controls.ROLES}
    if following:
        spread = following if len(following) > 1 else following * max(kinds, 1)
        roles |= dict(zip(controls.ROLES, spread, strict=False))
    return roles


def shape_of(roles: Mapping[str, int]) -> int | None:
    """The picture that a new one takes its shape from; None for a style alone, which has none to give."""
    return next((roles[role] for role in ("image", CONTROL, "image_prompt") if role in roles), None)
