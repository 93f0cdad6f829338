"""Settings in the text chunks of a picture, whichever tool wrote them."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from generation import infotext
from generation.found_settings import FoundSettings, found
from generation.infotext import NoInfotext
from generation.other_tools import comfyui, fooocus, invokeai, novelai, swarmui

LONGEST = 2**20
"""Characters of JSON that are read; the graphs of ComfyUI are long."""

Chunks = Mapping[str, str]
"""Texts in a picture by their names, such as PNG's text chunks. EXIF's comment is called `parameters`, too."""

Written = dict[str, Any]
"""Values as a tool wrote them, by the fields of `GenerationSettings`."""

_READERS: tuple[tuple[str, Callable[[Any, Chunks], Written]], ...] = (
    ("Comment", novelai.written),
    ("invokeai_metadata", invokeai.written),
    ("sd-metadata", invokeai.written_before_3),
    ("parameters", swarmui.written),
    ("parameters", fooocus.written),
    ("prompt", comfyui.written),
    ("workflow", comfyui.written_on_page),
)
"""The chunk that holds the JSON, and what reads its values; it raises one of `_OTHERWISE` for any other."""

_OTHERWISE = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
"""What is raised by reading JSON that is another than expected."""


def found_in(chunks: Chunks, picture: tuple[int, int]) -> FoundSettings:
    """The settings in a picture of so many pixels, width first. Raises `NoInfotext` where there are none."""
    unread = NoInfotext(infotext.UNREAD)
    try:
        return infotext.found_in(chunks.get(infotext.CHUNK_NAME, ""), picture)
    except NoInfotext as reason:
        unread = reason
    for name, written in _READERS:
        if not 0 < len(chunks.get(name, "")) <= LONGEST:
            continue
        try:
            values = written(json.loads(chunks[name]), chunks)
            return found(values.pop("prompt"), values, picture)
        except _OTHERWISE:
            continue
    try:
        values = invokeai.of_dream(chunks["Dream"])
        return found(values.pop("prompt"), values, picture)
    except _OTHERWISE:
        raise unread from None
