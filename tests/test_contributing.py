"""CONTRIBUTING.md against the tree: every path and name in it exists, and no package is missing."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
PATH = re.compile(r"`((?:[\w.]+/)+[\w.]*|[\w.]+\.(?:py|toml|md))`")
NAMED = re.compile(r"`([\w/]+\.py)` `([\w.]+)`")
PACKAGES = ("bot", "generation", "generation/engine", "playground")


def names_in(path: Path) -> set[str]:
    """The top-level names of a module, and `Class.member` for the members of its classes."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            members = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
            found |= {f"{node.name}.{each.name}" for each in members}
    return found


@pytest.mark.parametrize("path", sorted(set(PATH.findall(TEXT))))
def test_every_path_exists(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED.findall(TEXT))))
def test_every_name_is_in_its_module(path: str, name: str) -> None:
    assert name in names_in(ROOT / path)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_is_described(package: str) -> None:
    inside = [each.parent for each in (ROOT / package).glob("*/__init__.py")]
    missing = [each.name for each in inside if f"`{each.relative_to(ROOT).as_posix()}/`" not in TEXT]
    assert missing == []


def test_the_layers_are_those_of_the_import_rules() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = {each["layers"][0].split(".")[-2]: each["layers"] for each in contracts if each["type"] == "layers"}
    flat = " ".join(TEXT.split())
    for place in ("bot", "engine", "playground"):
        short = [re.sub(r"[\w.]+\.(\w+)", r"\1", layer) for layer in layers[place] if "__main__" not in layer]
        assert f"- {place}: {' → '.join(short)}" in flat


@pytest.mark.parametrize("heading", ["one `/imagine`", "one button press", "one forward"])
def test_each_path_takes_ten_lines(heading: str) -> None:
    section = TEXT.split(f"## The path of {heading}\n")[1].split("\n## ")[0]
    assert re.findall(r"^(\d+)\. ", section, re.MULTILINE) == [str(number) for number in range(1, 11)]
