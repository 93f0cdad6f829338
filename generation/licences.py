"""Licences of models, by the names that model cards use, and what their terms say in one sentence."""

from dataclasses import dataclass

UNRESTRICTED = frozenset(
    {"apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "isc", "unlicense", "cc0-1.0", "cc-by-4.0", "wtfpl"}
)
"""Licences that allow any use, as the hub writes them."""

_RESPONSIBLE_USE = "Commercial use is allowed. A list of harmful uses is forbidden, and you must pass it on."
_NON_COMMERCIAL = "Non-commercial use only; a commercial licence is sold by its maker."

_TERMS = {
    "openrail": _RESPONSIBLE_USE,
    "openrail++": _RESPONSIBLE_USE,
    "creativeml-openrail-m": _RESPONSIBLE_USE,
    "bigscience-openrail-m": _RESPONSIBLE_USE,
    "flux-1-dev-non-commercial-license": _NON_COMMERCIAL,
    "flux-dev-non-commercial-license": _NON_COMMERCIAL,
    "flux-non-commercial-license": _NON_COMMERCIAL,
    "sai-nc-community": _NON_COMMERCIAL,
    "cc-by-nc-4.0": _NON_COMMERCIAL,
    "cc-by-nc-sa-4.0": _NON_COMMERCIAL,
    "stabilityai-ai-community": "Free for those who earn less than 1 million US dollars a year; register otherwise.",
    "fair-ai-public-license-1.0-sd": "Changed models must be shared under the same licence, also by those who only "
    "offer their use.",
}


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence by its name, with its terms in a sentence and the address of its text; all empty if none is stated."""

    name: str = ""
    terms: str = ""
    link: str = ""
    commercial: bool = True
    """False where commercial use is forbidden."""

    @property
    def short(self) -> str:
        """What people in the chat see of it."""
        return self.name if self.commercial else f"{self.name} (non-commercial)"

    @property
    def has_terms(self) -> bool:
        """True where somebody must agree to terms before the model is used."""
        return bool(self.name) and self.name not in UNRESTRICTED


UNSTATED = Licence()


def named(name: str, link: str = "") -> Licence:
    """The licence that a model card names. Terms that are not known are to be read at its link."""
    if not name or name in UNRESTRICTED:
        return Licence(name, link=link)
    terms = _TERMS.get(name, "Its terms are its own: read them first.")
    return Licence(name, terms, link, commercial=terms is not _NON_COMMERCIAL)
