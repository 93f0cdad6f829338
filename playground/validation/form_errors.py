"""Collects what is wrong with a request body in the nested form of Discord's error 50035."""

from collections.abc import Collection
from typing import Any

from playground.errors import ApiError, Json


def names(text: str) -> frozenset[str]:
    """The field names in a text, separated by spaces."""
    return frozenset(text.split())


class Form:
    """A place inside a body. Places made by `at` write into the same tree of errors."""

    def __init__(self, errors: Json | None = None, path: tuple[str, ...] = ()) -> None:
        self._errors: Json = {} if errors is None else errors
        self._path = path

    def at(self, *keys: str | int) -> "Form":
        """The place below this one under the given keys and indices."""
        return Form(self._errors, (*self._path, *map(str, keys)))

    def refuse(self, code: str, message: str) -> None:
        """Notes an error at this place."""
        node = self._errors
        for key in self._path:
            node = node.setdefault(key, {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    @property
    def failed(self) -> bool:
        """Whether any place of the tree was refused."""
        return bool(self._errors)

    def flags(self, value: Json) -> int:
        """The bits under `flags`, 0 when absent; raises at once when they are no number."""
        number = self.number(value, "flags", 0, (1 << 31) - 1)
        if number is None:
            self.raise_if_any()
        return int(number or 0)

    def raise_if_any(self) -> None:
        """Raises 400 with code 50035 when any place was refused."""
        if self._errors:
            raise ApiError(400, 50035, errors=self._errors)

    def known(self, value: Json, names: Collection[str]) -> None:
        """Refuses keys of `value` that Discord does not know."""
        for name in value.keys() - set(names):
            self.at(name).refuse("UNKNOWN_FIELD", "This field is not known.")

    def text(self, value: Json, name: str, most: int, least: int = 0, required: bool = False) -> str:
        """The string under `name`, "" when absent; its length is counted in characters after Discord's trimming."""
        text = value.get(name)
        place = self.at(name)
        if text is None:
            if required:
                place.refuse("BASE_TYPE_REQUIRED", "This field is required")
            return ""
        if not isinstance(text, str):
            place.refuse("STRING_TYPE_CONVERT", "Could not interpret this as string.")
            return ""
        stripped = text.strip()
        if required and not stripped and least:
            place.refuse("BASE_TYPE_REQUIRED", "This field is required")
        elif least and not least <= len(stripped) <= most:
            place.refuse("BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
        elif len(text) > most:
            place.refuse("BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
        return text

    def number(self, value: Json, name: str, least: float, most: float, required: bool = False) -> float | None:
        """The number under `name`, None when absent."""
        number = value.get(name)
        place = self.at(name)
        if number is None:
            if required:
                place.refuse("BASE_TYPE_REQUIRED", "This field is required")
            return None
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            place.refuse("NUMBER_TYPE_COERCE", f'Value "{number}" is not int.')
            return None
        if number > most:
            place.refuse("NUMBER_TYPE_MAX", f"int value should be less than or equal to {most}.")
        elif number < least:
            place.refuse("NUMBER_TYPE_MIN", f"int value should be greater than or equal to {least}.")
        return number

    def array(self, value: Json, name: str, most: int, least: int = 0, required: bool = False) -> list[Any]:
        """The list under `name`, empty when absent."""
        items = value.get(name)
        place = self.at(name)
        if items is None:
            if required:
                place.refuse("BASE_TYPE_REQUIRED", "This field is required")
            return []
        if not isinstance(items, list):
            place.refuse("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return []
        if least and not least <= len(items) <= most:
            place.refuse("BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
        elif len(items) > most:
            place.refuse("BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
        return items

    def mappings(
        self, value: Json, name: str, most: int, least: int = 0, required: bool = False
    ) -> list[tuple["Form", Json]]:
        """The objects in the list under `name`, each with its place; other items are refused."""
        found = []
        for index, item in enumerate(self.array(value, name, most, least, required)):
            place = self.at(name, index)
            if isinstance(item, dict):
                found.append((place, item))
            else:
                place.refuse("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return found

    def mapping(self, value: Json, name: str, required: bool = False) -> Json:
        """The object under `name`, empty when absent."""
        item = value.get(name)
        if item is None:
            if required:
                self.at(name).refuse("BASE_TYPE_REQUIRED", "This field is required")
            return {}
        if not isinstance(item, dict):
            self.at(name).refuse("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
            return {}
        return item

    def url(self, value: Json, name: str, schemes: Collection[str], required: bool = False) -> str:
        """The URL under `name`, at most 2,048 characters, "" when absent."""
        url = self.text(value, name, 2048, required=required)
        scheme, separator, rest = url.partition("://")
        if url and (not separator or not rest or any(character.isspace() for character in url)):
            self.at(name).refuse("URL_TYPE_INVALID_URL", "Not a well formed URL.")
        elif url and scheme not in schemes:
            self.at(name).refuse(
                "URL_TYPE_INVALID_SCHEME",
                f"Scheme {scheme!r} is not supported. Scheme must be one of {tuple(schemes)}.",
            )
        return url
