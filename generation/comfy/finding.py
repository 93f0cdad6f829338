"""Finds where a workflow takes what, by walking from its samplers along the links."""

from collections.abc import Iterable, Iterator

from generation.comfy.nodes import FAR, BrokenWorkflow, Link, Nodes, Place
from generation.comfy.roles import TEXTS, Role

Found = dict[Role, tuple[Place, ...]]

_LATENTS = ("latent_image", "samples", "latent", "pixels", "image", "images")
"""Inputs along which a sampler's latents come."""

_MASKS = ("mask", "masks", "destination", "image")
"""Inputs along which a mask comes."""

_PASSED_ON = ("conditioning", "conditioning_1", "conditioning_to", "positive", "conditioning_from", "conditioning_2")
"""Inputs of nodes that change a conditioning."""

_SHOWING = ("SaveImage", "SaveImageWebsocket", "PreviewImage")


def output_of(nodes: Nodes) -> str:
    """The node that shows the picture: of several, the one with most samplers behind it. Raises `BrokenWorkflow`."""
    shown = [name for name, node in nodes.items() if node.kind in _SHOWING]
    if not shown:
        linked = {source for node in nodes.values() for _, (source, _) in node.links()}
        shown = [name for name, node in nodes.items() if name not in linked and nodes.behind(name, "images", "image")]
    if not shown:
        raise BrokenWorkflow("This workflow saves no picture. Add a Save Image node, and export it again.")
    return max(shown, key=lambda name: len(samplers_behind(nodes, name)))


def samplers_behind(nodes: Nodes, node: str) -> list[str]:
    """The samplers that a node needs."""
    return [each for each in nodes.upstream(node) if _samples(nodes, each)]


def first_of(nodes: Nodes, samplers: Iterable[str]) -> list[str]:
    """The samplers that start from noise or from a picture; the others refine what these draw."""
    samplers = list(samplers)
    return [each for each in samplers if not any(_samples(nodes, node) for node in nodes.chain(each, _LATENTS))]


def found(nodes: Nodes, output: str) -> Found:
    """The places of what a workflow takes, as far as its links tell."""
    samplers = samplers_behind(nodes, output)
    first = first_of(nodes, samplers)
    places: dict[Role, list[Place | None]] = {role: [] for role in Role}
    for sampler in samplers:
        guider = _linked(nodes, sampler, "guider")
        places[Role.SEED].append(nodes.held(_linked(nodes, sampler, "noise"), "noise_seed", "seed"))
        places[Role.PROMPT] += _texts(nodes, nodes.behind(guider, "positive", "conditioning"))
        places[Role.NEGATIVE_PROMPT] += _texts(nodes, nodes.behind(guider, "negative"))
        places[Role.GUIDANCE].append(_guidance(nodes, guider))
    for sampler in [each for each in samplers if each in first or nodes[each].kind == "KSamplerAdvanced"]:
        places[Role.STEPS].append(nodes.held(_sigmas(nodes, sampler), "steps"))
        places[Role.SAMPLER].append(nodes.held(_linked(nodes, sampler, "sampler"), "sampler_name"))
        places[Role.SCHEDULE].append(nodes.held(_sigmas(nodes, sampler), "scheduler"))
    for sampler in first:
        for role, place in _start(nodes, sampler):
            places[role].append(place)
    return _without_doubles(places)


def _start(nodes: Nodes, sampler: str) -> Iterator[tuple[Role, Place | None]]:
    """What a sampler starts from: a size, or a picture, its mask and the strength."""
    latents = list(nodes.chain(sampler, _LATENTS))
    for node in latents:
        if {"width", "height"} <= nodes[node].inputs.keys():
            yield Role.WIDTH, nodes.held(node, "width")
            yield Role.HEIGHT, nodes.held(node, "height")
        if nodes.behind(node, "mask"):
            yield Role.MASK, _picture_along(nodes, node, _MASKS)
    picture = next((node for node in latents if _loads(nodes, node)), None)
    if picture is not None:
        yield Role.IMAGE, Place(picture, "image")
        yield Role.STRENGTH, nodes.held(_sigmas(nodes, sampler), "denoise")
    elif reference := _reference(nodes, sampler):
        yield Role.IMAGE, Place(reference, "image")


def inverts_mask(nodes: Nodes, output: str) -> bool:
    """True where a workflow turns its mask around: white is what it keeps."""
    for sampler in first_of(nodes, samplers_behind(nodes, output)):
        for node in nodes.chain(sampler, _LATENTS):
            if nodes.behind(node, "mask"):
                return sum(nodes[each].kind == "InvertMask" for each in nodes.chain(node, _MASKS)) % 2 == 1
    return False


def _linked(nodes: Nodes, node: str, *inputs: str) -> str:
    """The node behind the first of these inputs that is a link, or else the node itself."""
    link = nodes.behind(node, *inputs)
    return link[0] if link else node


def _sigmas(nodes: Nodes, sampler: str) -> str:
    """The node with the steps of a sampler."""
    return next((each for each in nodes.chain(sampler, ("sigmas",)) if "steps" in nodes[each].inputs), sampler)


def _guidance(nodes: Nodes, guider: str) -> Place | None:
    """The guidance that a distilled model is told, or else the scale of classifier-free guidance."""
    link = nodes.behind(guider, "positive", "conditioning")
    behind = [link[0], *nodes.chain(link[0], _PASSED_ON)] if link else []
    told = next((each for each in behind if "guidance" in nodes[each].inputs), None)
    return nodes.held(told, "guidance") if told else nodes.held(guider, "cfg")


def _texts(nodes: Nodes, link: Link | None) -> list[Place]:
    """The places of the words of a conditioning: all inputs of the first text encoder behind it."""
    for _ in range(FAR):
        if link is None or nodes[link[0]].kind == "ConditioningZeroOut":
            return []
        node = link[0]
        texts = [name for name in TEXTS if name in nodes[node].inputs]
        if texts:
            held = [nodes.held(node, name) for name in texts]
            return [each for each in held if each and isinstance(nodes.value(each), str)]
        has_both = {"positive", "negative"} <= nodes[node].inputs.keys()
        link = nodes.behind(node, "negative" if link[1] == 1 else "positive") if has_both else None
        link = link or nodes.behind(node, *_PASSED_ON)
    return []


def _reference(nodes: Nodes, sampler: str) -> str | None:
    """The picture that a model looks at, which comes with the words."""
    guider = _linked(nodes, sampler, "guider")
    start = nodes.behind(guider, "positive", "conditioning")
    behind = [node for node in nodes.upstream(start[0]) if not _is_controlled(nodes, node)] if start else []
    return next((node for node in behind if _loads(nodes, node)), None)


def _is_controlled(nodes: Nodes, picture: str) -> bool:
    """True for the picture of a ControlNet, which stays that of the workflow."""
    users = [name for name, node in nodes.items() if "control_net" in node.inputs]
    return any(picture in (_linked(nodes, name, "image"), *nodes.chain(name, ("image",))) for name in users)


def _picture_along(nodes: Nodes, node: str, inputs: tuple[str, ...]) -> Place | None:
    loaders = (each for each in nodes.chain(node, inputs) if _loads(nodes, each))
    picture = next(loaders, None)
    return Place(picture, "image") if picture else None


def _loads(nodes: Nodes, node: str) -> bool:
    return nodes[node].kind.startswith("LoadImage") and isinstance(nodes[node].inputs.get("image"), str)


def _samples(nodes: Nodes, node: str) -> bool:
    """True for a sampler: it takes steps, or noise levels that hold them, from a latent image."""
    inputs = nodes[node].inputs
    return "latent_image" in inputs and bool({"steps", "sigmas"} & inputs.keys())


def _without_doubles(places: dict[Role, list[Place | None]]) -> Found:
    """Every place once; one that two roles share is the first one's, but for a mask in the picture's transparency."""
    taken: set[Place] = set()
    kept: Found = {}
    for role, each in places.items():
        usable = [place for place in dict.fromkeys(each) if place and (place not in taken or role is Role.MASK)]
        if usable:
            kept[role] = tuple(usable)
            taken.update(usable)
    return kept
