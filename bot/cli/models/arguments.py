"""The options of `noisefox models`. Nothing here takes long to import."""

import argparse
from pathlib import Path
from typing import Any


def add_to(commands: Any, command: object) -> None:
    """Add `models` to the commands of the program; `command` runs it."""
    models = commands.add_parser("models", help="add, download, check and remove models")
    actions = models.add_subparsers(title="actions", required=True, metavar="ACTION")

    listing = actions.add_parser("list", help="list the models of the configuration")
    listing.add_argument("--starters", action="store_true", help="list models to start with instead")

    show = actions.add_parser("show", help="show a model's settings, licence, size and speed")
    check = actions.add_parser("check", help="read the files of models and compare their hashes")
    check.add_argument("name", nargs="?", metavar="NAME", help="one model (default: all)")

    add = actions.add_parser(
        "add",
        help="add a model to the configuration",
        description="Add a model to the configuration. Nothing is downloaded yet: see `noisefox models pull`.",
    )
    add.add_argument("name", nargs="?", metavar="NAME", help="its name in the chat (default: the key of --starter)")
    add.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help="a hub id, the address of a .safetensors or .gguf file, a page of Civitai, civitai:VERSION, or a file",
    )
    add.add_argument("--starter", metavar="KEY", help="a model to start with; see `noisefox models list --starters`")
    add.add_argument("--pull", action="store_true", help="download it at once")

    pull = actions.add_parser("pull", help="download what a model lacks; goes on where an earlier download ended")
    default = actions.add_parser("default", help="make a model the default")
    remove = actions.add_parser("remove", help="remove a model from the configuration")
    remove.add_argument("--files", action="store_true", help="delete what was downloaded for it, too")

    for each in (show, pull, default, remove):
        each.add_argument("name", metavar="NAME")
    for each in (add, pull):
        each.add_argument("--accept-licence", action="store_true", help="accept the model's licence without a question")
    for name, each in actions.choices.items():
        each.add_argument("--config", type=Path, metavar="FILE", help="configuration file (default: config.toml)")
        each.set_defaults(command=command, action=name)


def config_file(options: argparse.Namespace) -> Path:
    """The configuration that a command is for."""
    return options.config or Path("config.toml")
