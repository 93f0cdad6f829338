"""Brings the catalogues up to date with the source: `python -m tools.catalogues`."""

from bot.locales.languages import FOLDER
from tools.catalogues.files import update
from tools.catalogues.template import template

update(FOLDER, template())
