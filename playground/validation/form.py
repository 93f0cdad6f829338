"""Collects the errors of a request body and reports them as Discord's error 50035, "Invalid Form Body"."""

from collections.abc import Collection
from typing import Any

from playground.errors import ApiError, Json


def field_names(text: str) -> frozenset[str]:
    """Split a string of field names separated by spaces."""
    return frozenset(text.split())


class Form:
    """A place in a request body. `at` returns a place below it; all of them write into one tree of errors."""

    def __init__(self, errors: Json | None = None, path: tuple[str, ...] = ()) -> None:
        self._errors: Json = {} if errors is None else errors
        self._path = path

    def at(self, *keys: str | int) -> "Form":
        """Return the place below this one, by keys and indices."""
        return Form(self._errors, (*self._path, *map(str, keys)))

    def add_error(self, code: str, message: str) -> None:
        """Add an error at this place."""
        node = self._errors
        for key in self._path:
            node = node.setdefault(key, {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    @property
    def failed(self) -> bool:
        """Whether the tree holds any error."""
        return bool(self._errors)

    def flags(self, value: Json) -> int:
        """Return the bits under `flags`, 0 when absent. ApiError 50035 when they aren't a number."""
        number = self.number(value, "flags", 0, (1 << 31) - 1)
        if number is None:
            self.raise_if_invalid()
        return int(number or 0)

    def raise_if_invalid(self) -> None:
        """ApiError 50035 when the tree holds any error."""
        if self._errors:
            raise ApiError(400, 50035, errors=self._errors)

    def only(self, value: Json, names: Collection[str]) -> None:
        """Add an error for each key of `value` that isn't in `names`."""
        for name in value.keys() - set(names):
            self.at(name).add_error("UNKNOWN_FIELD", "This field is not known.")

    def text(self, value: Json, name: str, maximum: int, minimum: int = 0, required: bool = False) -> str:
        """Return the string under `name`, "" when absent. Discord strips it before it counts its characters."""
        text = value.get(name)
        place = self.at(name)
        if text is None:
            if required:
                place.add_error("BASE_TYPE_REQUIRED", "This field is required")
            return ""
        if not isinstance(text, str):
            place.add_error("STRING_TYPE_CONVERT", "Could not interpret this as string.")
            return ""
        stripped = text.strip()
        if required and not stripped and minimum:
            place.add_error("BASE_TYPE_REQUIRED", "This field is required")
        elif minimum and not minimum <= len(stripped) <= maximum:
            place.add_error("BASE_TYPE_BAD_LENGTH", f"Must be between {minimum} and {maximum} in length.")
        elif len(text) > maximum:
            place.add_error("BASE_TYPE_MAX_LENGTH", f"Must be {maximum} or fewer in length.")
        return text

    def number(self, value: Json, name: str, minimum: float, maximum: float, required: bool = False) -> float | None:
        """Return the number under `name`, None when absent."""
        number = value.get(name)
        place = self.at(name)
        if number is None:
            if required:
                place.add_error("BASE_TYPE_REQUIRED", "This field is required")
            return None
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            place.add_error("NUMBER_TYPE_COERCE", f'Value "{number}" is not int.')
            return None
        if number > maximum:
            place.add_error("NUMBER_TYPE_MAX", f"int value should be less than or equal to {maximum}.")
        elif number < minimum:
            place.add_error("NUMBER_TYPE_MIN", f"int value should be greater than or equal to {minimum}.")
        return number

    def array(self, value: Json, name: str, maximum: int, minimum: int = 0, required: bool = False) -> list[Any]:
        """Return the list under `name`, empty when absent."""
        items = value.get(name)
        place = self.at(name)
        if items is None:
            if required:
                place.add_error("BASE_TYPE_REQUIRED", "This field is required")
            return []
        if not isinstance(items, list):
            place.add_error("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return []
        if minimum and not minimum <= len(items) <= maximum:
            place.add_error("BASE_TYPE_BAD_LENGTH", f"Must be between {minimum} and {maximum} in length.")
        elif len(items) > maximum:
            place.add_error("BASE_TYPE_MAX_LENGTH", f"Must be {maximum} or fewer in length.")
        return items

    def mappings(
        self, value: Json, name: str, maximum: int, minimum: int = 0, required: bool = False
    ) -> list[tuple["Form", Json]]:
        """Return the objects in the list under `name`, each with its place. Other items are errors."""
        found = []
        for index, item in enumerate(self.array(value, name, maximum, minimum, required)):
            place = self.at(name, index)
            if isinstance(item, dict):
                found.append((place, item))
            else:
                place.add_error("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return found

    def mapping(self, value: Json, name: str, required: bool = False) -> Json:
        """Return the object under `name`, empty when absent."""
        item = value.get(name)
        if item is None:
            if required:
                self.at(name).add_error("BASE_TYPE_REQUIRED", "This field is required")
            return {}
        if not isinstance(item, dict):
            self.at(name).add_error("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
            return {}
        return item

    def url(self, value: Json, name: str, schemes: Collection[str], required: bool = False) -> str:
        """Return the URL under `name`, at most 2,048 characters, "" when absent."""
        url = self.text(value, name, 2048, required=required)
        scheme, separator, rest = url.partition("://")
        if url and (not separator or not rest or any(character.isspace() for character in url)):
            self.at(name).add_error("URL_TYPE_INVALID_URL", "Not a well formed URL.")
        elif url and scheme not in schemes:
            self.at(name).add_error(
                "URL_TYPE_INVALID_SCHEME",
                f"Scheme {scheme!r} is not supported. Scheme must be one of {tuple(schemes)}.",
            )
        return url
