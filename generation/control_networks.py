"""The kinds of control pictures that the ControlNets of a model follow, before anything is drawn."""

from collections.abc import Mapping

from generation import controls, sources
from generation.controls import ControlKind
from generation.errors import InvalidSetting
from generation.sentences import Sentence

Networks = Mapping[str, str]
"""The sources of ControlNets by name; see `controls.network_for`."""


def check(model: str, networks: Networks, kind: ControlKind) -> None:
    """Raise `InvalidSetting` if none of the ControlNets of a `model` follows pictures of a kind."""
    if _follows(networks, kind):
        return
    if kind is ControlKind.AS_IS and networks:
        sentence = Sentence(
            "{model} must know what the control picture shows. Choose a kind, or type `--control depth as is`.",
            model=model,
        )
        raise InvalidSetting("control", sentence)
    sentence = Sentence(
        "{model} has no ControlNet for {kind}. Use one of: {choices}.",
        model=model,
        kind=Sentence(kind.value),
        choices=followed(networks),
    )
    raise InvalidSetting("control", sentence)


def followed(networks: Networks) -> list[ControlKind]:
    """The kinds that some ControlNets follow."""
    return [kind for kind in ControlKind if _follows(networks, kind)]


def _follows(networks: Networks, kind: ControlKind) -> bool:
    """False too for a kind that a ControlNet-Union on this machine doesn't know."""
    name = controls.network_for(kind, networks)
    if name is None:
        return False
    types = sources.control_types(networks[name])
    if types is None:
        return name != controls.UNION or kind in controls.UNION_MODES
    return kind in controls.UNION_MODES and controls.UNION_MODES[kind] < types
