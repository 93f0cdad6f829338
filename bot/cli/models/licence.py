"""Licences, shown before a model is used."""

import sys

from bot.cli.models.errors import LicenceNotAccepted
from generation.licences import Licence


def lines(licence: Licence) -> list[str]:
    """What is said of a licence."""
    if not licence.name:
        return ["licence:  not stated; look at its page"]
    said = f"licence:  {licence.name}"
    if not licence.has_terms:
        return [said]
    link = f" {licence.link}" if licence.link else ""
    return [f"{said}: {licence.terms}{link}"]


def accept(licence: Licence, *, accepted: bool) -> None:
    """Have a person accept a licence with terms, unless they have. Raises `LicenceNotAccepted`."""
    if accepted or not licence.has_terms:
        return
    if not sys.stdin.isatty():
        raise LicenceNotAccepted("Read the licence above. If you accept it, add --accept-licence to the command.")
    if input("Do you accept this licence? [y/N] ").strip().lower() not in ("y", "yes"):
        raise LicenceNotAccepted("The licence was not accepted, so nothing was changed.")
