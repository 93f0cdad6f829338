"""Every way to write where a model comes from."""

from pathlib import Path

import pytest

from bot.cli.models.origin import CivitaiModel, CivitaiVersion, HubFile, HubModel, Local, Origin, WebFile, parse

FILE = HubFile("a/b.c", "sub/x.safetensors")


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("a/b.c", HubModel("a/b.c")),
        (" https://huggingface.co/a/b.c ", HubModel("a/b.c")),
        ("https://huggingface.co/a/b.c/tree/main", HubModel("a/b.c")),
        ("a/b.c/sub/x.safetensors", FILE),
        ("https://huggingface.co/a/b.c/blob/main/sub/x.safetensors", FILE),
        ("https://huggingface.co/a/b.c/resolve/main/sub/x.safetensors?download=true", FILE),
        ("a/b/x.gguf", HubFile("a/b", "x.gguf")),
        ("civitai:12", CivitaiVersion(12)),
        ("urn:air:sdxl:checkpoint:civitai:827184@2514310", CivitaiVersion(2514310)),
        ("https://civitai.com/models/1/some-name?modelVersionId=2", CivitaiVersion(2)),
        ("https://civitai.com/api/download/models/2?type=Model&format=SafeTensor", CivitaiVersion(2)),
        ("https://civitai.red/models/1", CivitaiModel(1)),
        ("https://example.org/x.safetensors?key=1", WebFile("https://example.org/x.safetensors?key=1")),
    ],
)
def test_a_source(text: str, origin: Origin) -> None:
    assert parse(text) == origin


def test_what_is_here_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert parse("a/b") == Local(Path("a/b"))
