"""ComfyUI: the graph of nodes that made a picture, as JSON in the chunk `prompt`; `workflow` is the graph as its page
draws it.

Nodes have a `class_type` and `inputs`; an input is a value, or a link `[node, output]` to the node that makes it.
Custom nodes have any names, so that values are found by the names of inputs, from the sampler backwards.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from generation.model_names import stem

_FAR = 60
"""Nodes that are followed from one input."""

_MANY = 200
"""Texts that are joined to a prompt."""

_CONSTANTS = ("value", "seed", "int", "float", "number", "string", "text")
"""Inputs of nodes that hold nothing but a value."""

_LATENTS = ("latent_image", "samples", "samples_to", "pixels", "image")
"""Inputs from which a sampler's latents come."""

_TEXTS = ("text", "text_g", "t5xxl", "clip_l", "prompt", "positive_prompt", "populated_text", "string", "value")
"""Inputs that hold the words of a prompt."""

_ON_PAGE = {
    "KSampler": ("seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": ("", "noise_seed", "", "steps", "cfg", "sampler_name", "scheduler"),
    "CLIPTextEncode": ("text",),
    "EmptyLatentImage": ("width", "height"),
    "EmptySD3LatentImage": ("width", "height"),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "UNETLoader": ("unet_name",),
    "RandomNoise": ("noise_seed",),
    "KSamplerSelect": ("sampler_name",),
    "BasicScheduler": ("scheduler", "steps", "denoise"),
    "CFGGuider": ("cfg",),
    "FluxGuidance": ("guidance",),
}
"""The inputs that the page's widgets hold, in their order; those without a name are of the page alone."""


def written(graph: Any, _: Mapping[str, str]) -> dict[str, Any]:
    """The values of the first sampler of a graph. Raises `LookupError`, `TypeError` and `ValueError` for other JSON."""
    return _Graph(graph).written()


def written_on_page(page: Any, _: Mapping[str, str]) -> dict[str, Any]:
    """The values of a graph of which a picture has only the page's form. Raises the errors of `written`."""
    sources = {link[0]: [str(link[1]), link[2]] for link in page["links"]}
    graph = {}
    for node in page["nodes"]:
        names = _ON_PAGE.get(node["type"], ())
        widgets = node.get("widgets_values")
        held = dict(zip(names, widgets, strict=False)) if isinstance(widgets, list) else {}
        linked = {
            each["name"]: sources[each["link"]] for each in node.get("inputs") or () if each.get("link") in sources
        }
        graph[str(node["id"])] = {"class_type": node["type"], "inputs": held | linked}
    return _Graph(graph).written()


class _Graph:
    """A graph of nodes, by their ids."""

    def __init__(self, graph: Mapping[str, Any]) -> None:
        self._inputs: dict[str, dict[str, Any]] = {
            str(name): node["inputs"] for name, node in graph.items() if isinstance(node.get("inputs"), dict)
        }

    def written(self) -> dict[str, Any]:
        sampler = self._first_sampler()
        guider = self._linked(sampler, "guider") or sampler
        latent = self._behind(sampler, _LATENTS, ("width", "height")) or {}
        model = self._behind(guider, ("model",), ("ckpt_name",), ("unet_name",), ("model_name",)) or {}
        names = [model.get(key) for key in ("ckpt_name", "unet_name", "model_name")]
        positive = "positive" if "positive" in guider else "conditioning"
        distilled = self._behind(guider, (positive, "conditioning"), ("guidance",)) or {}
        return {
            "prompt": self._words(guider, positive),
            "negative_prompt": self._words(guider, "negative"),
            "seed": self._value(self._linked(sampler, "noise") or sampler, "noise_seed", "seed"),
            "steps": self._value(self._linked(sampler, "sigmas") or sampler, "steps"),
            "guidance_scale": self._value(distilled, "guidance") or self._value(guider, "cfg"),
            "sampler": self._value(self._linked(sampler, "sampler") or sampler, "sampler_name"),
            "schedule": self._value(self._linked(sampler, "sigmas") or sampler, "scheduler"),
            "width": self._value(latent, "width"),
            "height": self._value(latent, "height"),
            "model": stem(next((name for name in names if isinstance(name, str)), "")),
        }

    def _first_sampler(self) -> dict[str, Any]:
        """The sampler that starts from noise; later ones refine its picture."""
        samplers = [each for each in self._inputs.values() if _samples(each)]
        starting = [each for each in samplers if not self._follows_another(each)]
        return (starting or samplers)[0]

    def _follows_another(self, sampler: dict[str, Any]) -> bool:
        return any(_samples(node) for node in self._chain(sampler, _LATENTS))

    def _linked(self, node: Mapping[str, Any], *keys: str) -> dict[str, Any] | None:
        """The node behind the first of these inputs that is a link."""
        for key in keys:
            if (link := _link(node.get(key))) and link[0] in self._inputs:
                return self._inputs[link[0]]
        return None

    def _chain(self, node: Mapping[str, Any], keys: tuple[str, ...]) -> Iterable[dict[str, Any]]:
        """The nodes behind a node, along inputs of these names."""
        for _ in range(_FAR):
            following = self._linked(node, *keys)
            if following is None:
                return
            yield following
            node = following

    def _behind(
        self, node: Mapping[str, Any], along: tuple[str, ...], *wanted: tuple[str, ...]
    ) -> dict[str, Any] | None:
        """The nearest node behind a node that has all inputs of one of the groups that are `wanted`."""
        fits = (each for each in self._chain(node, along) if any(set(keys) <= each.keys() for keys in wanted))
        return next(iter(fits), None)

    def _value(self, node: Mapping[str, Any], *keys: str) -> Any:
        """The value of the first of these inputs that there is, through nodes that only hold one; else None."""
        for _ in range(_FAR):
            key = next((each for each in keys if each in node), None)
            if key is None:
                return None
            if not (link := _link(node[key])):
                return node[key] if isinstance(node[key], (str, int, float)) else None
            node = self._inputs.get(link[0], {})
            keys = (*keys, *_CONSTANTS)
        return None

    def _words(self, node: Mapping[str, Any], key: str) -> str:
        """The words behind an input: those of all texts that are combined for it."""
        texts: list[str] = []
        seen: set[tuple[str, int]] = set()
        links = [_link(node.get(key))]
        while links and len(texts) < _MANY:
            link = links.pop()
            if link is None or link in seen or link[0] not in self._inputs:
                continue
            seen.add(link)
            inputs = self._inputs[link[0]]
            if (text := self._value(inputs, *_TEXTS)) is not None:
                texts.append(str(text).strip())
            elif "positive" in inputs:
                links.append(_link(inputs.get("negative" if link[1] == 1 else "positive")))
            else:
                links += [_link(value) for name, value in reversed(inputs.items()) if name.startswith("conditioning")]
        return ", ".join(dict.fromkeys(filter(None, texts)))


def _samples(inputs: Mapping[str, Any]) -> bool:
    """True for a sampler: it takes steps, or noise levels that hold them, from a latent image."""
    return "latent_image" in inputs and bool({"steps", "sigmas"} & inputs.keys())


def _link(value: Any) -> tuple[str, int] | None:
    match value:
        case [str() | int() as node, int() as output]:
            return str(node), output
    return None
