"""Checks the components of a message."""

from collections.abc import Collection, Iterator

from playground.errors import Json
from playground.validation.form import Form, field_names

(ACTION_ROW, BUTTON, STRING_SELECT, TEXT_INPUT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT) = range(
    1, 9
)
(SECTION, TEXT_DISPLAY, THUMBNAIL, MEDIA_GALLERY, FILE, SEPARATOR) = range(9, 15)
CONTAINER = 17
SELECTS = (STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT)

COMPONENTS_LIMIT = 40
TEXT_LIMIT = 4000
"""Characters in all text displays of a message."""

_CONTAINED = (ACTION_ROW, SECTION, TEXT_DISPLAY, MEDIA_GALLERY, FILE, SEPARATOR)
_MEDIA_SCHEMES = ("http", "https", "attachment")
_SELECT_FIELDS = "custom_id placeholder min_values max_values disabled required"
_MEDIA_FIELDS = field_names(
    "url proxy_url width height content_type loading_state attachment_id flags placeholder placeholder_version"
)
FIELDS = {
    ACTION_ROW: frozenset(("components",)),
    BUTTON: field_names("style label emoji custom_id sku_id url disabled"),
    STRING_SELECT: field_names(f"{_SELECT_FIELDS} options"),
    CHANNEL_SELECT: field_names(f"{_SELECT_FIELDS} default_values channel_types"),
    USER_SELECT: field_names(f"{_SELECT_FIELDS} default_values"),
    ROLE_SELECT: field_names(f"{_SELECT_FIELDS} default_values"),
    MENTIONABLE_SELECT: field_names(f"{_SELECT_FIELDS} default_values"),
    SECTION: frozenset(("components", "accessory")),
    TEXT_DISPLAY: frozenset(("content",)),
    THUMBNAIL: frozenset(("media", "description", "spoiler")),
    MEDIA_GALLERY: frozenset(("items",)),
    FILE: frozenset(("file", "spoiler", "name", "size")),
    SEPARATOR: frozenset(("divider", "spacing")),
    CONTAINER: frozenset(("components", "accent_color", "spoiler")),
}


def walk(components: list[Json]) -> Iterator[Json]:
    """Yield every component of a list, nested ones included."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        for name in ("accessory", "component"):
            if isinstance(component.get(name), dict):
                yield from walk([component[name]])


def check_components(payload: Json, form: Form, *, v2: bool) -> None:
    """Add the errors of a message body's components to `form`.

    Without the V2 flag a message has at most 5 action rows. With it, at most 40 components and 4,000 characters of
    text, nested ones counted.
    """
    if payload.get("components") is None:
        return
    place = form.at("components")
    if not v2:
        for item, component in form.mappings(payload, "components", 5):
            if check_type(item, component, (ACTION_ROW,)):
                _check_row(item, component)
    else:
        for item, component in form.mappings(payload, "components", COMPONENTS_LIMIT):
            check_message_component(item, component, (*_CONTAINED, CONTAINER))
    if form.failed:
        return
    everything: list[Json] = payload["components"]
    if v2 and sum(1 for _ in walk(everything)) > COMPONENTS_LIMIT:
        place.add_error(
            "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
            f"The number of components exceeds the maximum of {COMPONENTS_LIMIT}",
        )
    texts = [str(item.get("content", "")) for item in walk(everything) if item.get("type") == TEXT_DISPLAY]
    if sum(map(len, texts)) > TEXT_LIMIT:
        place.add_error(
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            f"Component displayable text size exceeds maximum size of {TEXT_LIMIT}",
        )
    check_unique(everything, place)


def check_unique(components: list[Json], form: Form) -> None:
    """Add an error for a custom_id or an id that appears twice."""
    for name, code in (("custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED"), ("id", "COMPONENT_ID_DUPLICATED")):
        seen = set()
        for item in walk(components):
            value = item.get(name)
            if value and value in seen:
                form.add_error(code, f"Component {name.replace('_', ' ')} cannot be duplicated: {value}")
            seen.add(value)


def check_type(form: Form, component: Json, kinds: Collection[int]) -> bool:
    """Whether a component is of one of the types; adds an error if not, and for unknown fields."""
    if component.get("type") not in kinds:
        form.at("type").add_error("UNION_TYPE_CHOICES", f'Value of field "type" must be one of {tuple(kinds)}.')
        return False
    form.number(component, "id", 0, (1 << 31) - 1)
    if component["type"] in FIELDS:
        form.only(component, FIELDS[component["type"]] | {"type", "id"})
    return True


def check_message_component(form: Form, component: Json, kinds: Collection[int]) -> None:
    """Check a component of a message, which must be of one of the types, and everything below it."""
    if not check_type(form, component, kinds):
        return
    kind = component["type"]
    if kind == ACTION_ROW:
        _check_row(form, component)
    elif kind == TEXT_DISPLAY:
        form.text(component, "content", TEXT_LIMIT, minimum=1, required=True)
    elif kind == SECTION:
        for place, text in form.mappings(component, "components", 3, minimum=1, required=True):
            check_message_component(place, text, (TEXT_DISPLAY,))
        if accessory := form.mapping(component, "accessory", required=True):
            check_message_component(form.at("accessory"), accessory, (BUTTON, THUMBNAIL))
    elif kind == BUTTON:
        check_button(form, component)
    elif kind == THUMBNAIL:
        _check_media(form, component, "media")
    elif kind == MEDIA_GALLERY:
        for place, item in form.mappings(component, "items", 10, minimum=1, required=True):
            place.only(item, ("media", "description", "spoiler"))
            _check_media(place, item, "media")
    elif kind == FILE:
        _check_media(form, component, "file")
    elif kind == SEPARATOR:
        form.number(component, "spacing", 1, 2)
    elif kind == CONTAINER:
        form.number(component, "accent_color", 0, 0xFFFFFF)
        for place, inner in form.mappings(component, "components", COMPONENTS_LIMIT, minimum=1, required=True):
            check_message_component(place, inner, _CONTAINED)


def _check_media(form: Form, holder: Json, name: str) -> None:
    if holder.get("description") is not None:
        form.text(holder, "description", 1024, minimum=1)
    if not (media := form.mapping(holder, name, required=True)):
        return
    form.at(name).only(media, _MEDIA_FIELDS)
    schemes = ("attachment",) if name == "file" and not str(media.get("url", "")).startswith("http") else _MEDIA_SCHEMES
    form.at(name).url(media, "url", schemes, required=True)


def _check_row(form: Form, row: Json) -> None:
    """An action row holds up to 5 buttons, or one select."""
    children = form.mappings(row, "components", 5, minimum=1, required=True)
    width = 0
    for place, child in children:
        if not check_type(place, child, (BUTTON, *SELECTS)):
            continue
        if child["type"] == BUTTON:
            width += 1
            check_button(place, child)
        else:
            width += 5
            check_select(place, child)
    if width > 5:
        form.at("components").add_error("COMPONENT_LAYOUT_WIDTH_EXCEEDED", "Width of 5 exceeded")


def check_button(form: Form, button: Json) -> None:
    """Label 80, custom_id 100, url 512 characters. A link button has a url, all others a custom_id."""
    style = form.number(button, "style", 1, 6, required=True)
    form.text(button, "label", 80)
    emoji = form.mapping(button, "emoji")
    if emoji:
        check_emoji(form.at("emoji"), emoji)
    if style == 6:
        form.text(button, "sku_id", 20, minimum=1, required=True)
        return
    if not emoji and not str(button.get("label") or "").strip():
        form.add_error("BUTTON_COMPONENT_MISSING_LABEL_OR_EMOJI", "A button requires at least a label or an emoji")
    wanted, other = ("url", "custom_id") if style == 5 else ("custom_id", "url")
    if style == 5:
        form.url(button, "url", ("http", "https", "discord"), required=True)
        form.text(button, "url", 512)
    else:
        form.text(button, "custom_id", 100, minimum=1, required=True)
    if button.get(other):
        form.add_error("BUTTON_COMPONENT_INVALID_FIELDS", f"A button of this style has a {wanted} and no {other}")


def check_emoji(form: Form, emoji: Json) -> None:
    """A Unicode emoji, by name. The guild has no custom emojis."""
    form.only(emoji, ("id", "name", "animated"))
    name = emoji.get("name")
    if emoji.get("id") or not isinstance(name, str) or not name or name.isascii():
        form.at("name").add_error("COMPONENT_INVALID_EMOJI", "Invalid emoji")


def check_select(form: Form, select: Json) -> None:
    """custom_id 100, placeholder 150 characters. 25 options; label, value and description have 100 characters."""
    form.text(select, "custom_id", 100, minimum=1, required=True)
    form.text(select, "placeholder", 150)
    minimum = form.number(select, "min_values", 0, 25)
    maximum = form.number(select, "max_values", 1, 25)
    if (1 if minimum is None else minimum) > (1 if maximum is None else maximum):
        form.at("min_values").add_error("SELECT_COMPONENT_MIN_EXCEEDS_MAX", "min_values must not exceed max_values")
    if select["type"] == STRING_SELECT:
        check_options(form, select, 25, minimum=1)
        for name in ("min_values", "max_values"):
            if isinstance(select.get("options"), list) and (select.get(name) or 0) > len(select["options"]):
                form.at(name).add_error("SELECT_COMPONENT_TOO_FEW_OPTIONS", f"{name} exceeds the number of options")
    else:
        form.array(select, "default_values", 25)


def check_options(form: Form, holder: Json, maximum: int, minimum: int) -> None:
    """The options of a select, a radio group or a checkbox group. No two have the same value."""
    seen = set()
    for place, option in form.mappings(holder, "options", maximum, minimum=minimum, required=True):
        place.only(option, ("label", "value", "description", "emoji", "default"))
        place.text(option, "label", 100, minimum=1, required=True)
        value = place.text(option, "value", 100, minimum=1, required=True)
        place.text(option, "description", 100)
        if emoji := place.mapping(option, "emoji"):
            check_emoji(place.at("emoji"), emoji)
        if value in seen:
            place.at("value").add_error(
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used"
            )
        seen.add(value)
