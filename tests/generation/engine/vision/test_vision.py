"""What each model sees, and the process that they run in."""

import asyncio
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from generation import vision_process
from generation.engine.vision import pose
from generation.engine.vision.background import BackgroundModel
from generation.engine.vision.depth import DepthModel
from generation.engine.vision.pose import PoseModel
from generation.engine.vision.segmenter import LIKELY, Segmenter
from generation.vision import VisionFailed, VisionModels
from generation.vision_process import VisionProcess
from tests.forked_worker import ForkServer
from tests.generation.engine.vision import tiny

CPU = torch.device("cpu")
PROCESS = "from generation.engine.vision import process; process.main()"
PICTURE = Image.linear_gradient("L").convert("RGB").resize((96, 64))


def png() -> bytes:
    file = BytesIO()
    info = PngInfo()
    info.add_text("parameters", "a fox")
    PICTURE.save(file, "PNG", pnginfo=info)
    return file.getvalue()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> VisionModels:
    folder = tmp_path_factory.mktemp("vision")
    return VisionModels(
        segmenter=str(tiny.segmenter(folder / "segmenter")),
        captioner=str(tiny.captioner(folder / "captioner")),
        background=str(tiny.background(folder / "background")),
        depth=str(tiny.depth(folder / "depth")),
        pose=str(tiny.pose(folder / "pose")),
    )


def test_a_mask_is_white_where_the_network_is_sure(models: VisionModels) -> None:
    segmenter = Segmenter.read(models.segmenter, CPU)
    with torch.inference_mode():
        sure = segmenter.probabilities(PICTURE, "the hat")
        mask = np.asarray(segmenter.mask(PICTURE, "the hat"))
        other = segmenter.probabilities(PICTURE, "grass")
    assert mask.shape == (64, 96)
    assert set(np.unique(mask)) <= {0, 255}
    grown = Image.fromarray((sure >= LIKELY).numpy()).resize(PICTURE.size)
    assert (mask[np.asarray(grown)] == 255).mean() > 0.95
    assert not torch.equal(sure, other), "the words count"


def test_the_background_is_one_class_and_a_network_without_it_is_refused(models: VisionModels, tmp_path: Path) -> None:
    model = BackgroundModel.read(models.background, CPU)
    with torch.inference_mode():
        front = np.asarray(model.foreground(PICTURE), float) / 255
        behind = BackgroundModel.read(str(tiny.background(tmp_path / "turned", ("person", "background"))), CPU)
        assert np.abs(front + np.asarray(behind.foreground(PICTURE), float) / 255 - 1).max() <= 1 / 255
    assert front.shape == (64, 96)
    with pytest.raises(ValueError, match="no class called background"):
        BackgroundModel.read(str(tiny.background(tmp_path / "other", ("cat", "dog"))), CPU)


def test_what_is_near_is_bright_whether_the_network_tells_nearness_or_distance(
    models: VisionModels, tmp_path: Path
) -> None:
    with torch.inference_mode():
        near = np.asarray(DepthModel.read(models.depth, CPU).nearness(PICTURE))
        far = DepthModel.read(str(tiny.depth(tmp_path / "metric", metric=True)), CPU).nearness(PICTURE)
    assert near.shape == (64, 96)
    assert (near.min(), near.max()) == (0, 255)
    assert np.corrcoef(near.ravel(), np.asarray(far).ravel())[0, 1] < 0


def test_a_pose_is_drawn_as_limbs_between_the_joints_that_are_seen(models: VisionModels) -> None:
    image = pose.drawn({5: (20.0, 10.0), 7: (40.0, 30.0)}, (96, 64))
    assert image.getpixel((30, 20)) == (170, 255, 0), "the left upper arm has OpenPose's colour"
    assert image.getpixel((80, 50)) == (0, 0, 0)
    with torch.inference_mode():
        model = PoseModel.read(models.pose, CPU)
        assert model.skeleton(PICTURE).size == (96, 64)
        for across, down in model.joints(PICTURE).values():
            assert -40 < across < 140
            assert -160 < down < 220


async def test_one_process_answers_all_and_is_replaced(models: VisionModels, fork_server: ForkServer) -> None:
    async with VisionProcess(models, fork_server.command(PROCESS)) as vision:
        mask, texts = await asyncio.gather(vision.segment(png(), "the hat"), vision.captions(png(), 4))
        assert Image.open(BytesIO(mask)).size == (96, 64)
        assert 1 <= len(texts) <= 4
        assert len(set(texts)) == len(texts)
        assert texts == await vision.captions(png(), 4), "the same picture, the same words"
        process = vision._process
        assert process is not None
        process.kill()
        await process.wait()
        cut = Image.open(BytesIO(await vision.cut_out(png())))
        assert (cut.mode, cut.info["parameters"]) == ("RGBA", "a fox"), "the settings stay in the file"
        assert Image.open(BytesIO(await vision.depth(png()))).mode == "L"
        assert Image.open(BytesIO(await vision.pose(png()))).mode == "RGB"


async def test_a_task_that_fails_is_told_and_the_next_goes_on(models: VisionModels, fork_server: ForkServer) -> None:
    broken = VisionModels(segmenter="/nowhere", captioner=models.captioner)
    async with VisionProcess(broken, fork_server.command(PROCESS)) as vision:
        with pytest.raises(VisionFailed, match="Try again"):
            await vision.segment(png(), "the hat")
        assert await vision.captions(png(), 1)


async def test_what_hangs_is_ended_and_what_is_idle_too(
    models: VisionModels, fork_server: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vision_process, "SECONDS", 0.0)
    async with VisionProcess(models, fork_server.command("import time; time.sleep(600)")) as vision:
        with pytest.raises(VisionFailed):
            await vision.captions(png(), 1)
        assert vision._process is None
    monkeypatch.undo()
    monkeypatch.setattr(vision_process, "IDLE_SECONDS", 0.0)
    async with VisionProcess(models, fork_server.command(PROCESS)) as vision:
        assert await vision.captions(png(), 1)
        await asyncio.sleep(0.01)
        assert vision._process is None
        assert await vision.captions(png(), 1), "it starts again"
