"""What is found in workflows, and what is put where."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generation import abilities, suitability
from generation.catalogue import ModelSpec
from generation.comfy import filling, nodes
from generation.comfy.graph import Graph, described, graph_of, read, recommended
from generation.comfy.nodes import BrokenWorkflow, Place
from generation.comfy.roles import Role
from generation.errors import Unsuitable
from generation.pipelines import Guidance
from generation.settings import GenerationSettings, PartialSettings, Sampler, Schedule
from tests.comfy import workflow

SETTINGS = GenerationSettings(
    prompt='a "fox"\\', negative_prompt="rain", seed=7, model="m", width=128, height=64, steps=10, sampler=Sampler.OWN
)


def document(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(Path(workflow(name)).read_text())
    return read


def graph_in(changed: Mapping[str, Any]) -> Graph:
    return graph_of(nodes.parsed(json.dumps(changed)))


def inputs(graph: Graph, settings: GenerationSettings = SETTINGS, **uploaded: str) -> dict[str, dict[str, Any]]:
    """The inputs of all nodes, filled in."""
    files = {Role[role.upper()]: name for role, name in uploaded.items()}
    return {name: node["inputs"] for name, node in filling.filled(graph, settings, files).items()}


def test_stable_diffusion_takes_words_numbers_and_size() -> None:
    filled = inputs(read(workflow("sd15")), replace(SETTINGS, sampler=Sampler.DPMPP_2M_KARRAS))
    assert (filled["6"]["text"], filled["7"]["text"]) == (SETTINGS.prompt, "rain")
    sampler = {"seed": 7, "steps": 10, "cfg": 7.0, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1.0}
    assert sampler.items() <= filled["3"].items()
    assert filled["5"] == {"width": 128, "height": 64, "batch_size": 1}


def test_the_workflow_keeps_its_sampler_where_nobody_chooses_one_and_saves_nothing_on_the_server() -> None:
    filled = filling.filled(read(workflow("sd15")), SETTINGS, {})
    assert filled["3"]["inputs"]["sampler_name"] == "euler"
    assert filled["9"] == {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}}


def test_a_chosen_schedule_goes_with_its_sampler() -> None:
    settings = replace(SETTINGS, sampler=Sampler.EULER, schedule=Schedule.SIMPLE)
    assert inputs(read(workflow("sd15")), settings)["3"]["scheduler"] == "simple"


def test_sdxl_has_both_encoders_and_its_refiner_takes_its_share_of_the_steps() -> None:
    filled = inputs(read(workflow("sdxl")))
    assert filled["6"]["text_g"] == filled["6"]["text_l"] == filled["15"]["text"] == SETTINGS.prompt
    assert filled["7"]["text_g"] == filled["7"]["text_l"] == filled["16"]["text"] == "rain"
    assert {"steps": 10, "end_at_step": 8, "noise_seed": 7}.items() <= filled["10"].items()
    assert {"steps": 10, "start_at_step": 8, "end_at_step": 10000}.items() <= filled["11"].items()


def test_flux_is_found_behind_its_guider_scheduler_and_noise() -> None:
    graph = read(workflow("flux"))
    filled = inputs(graph, replace(SETTINGS, guidance_scale=2.0))
    assert filled["6"]["text"] == SETTINGS.prompt
    assert (filled["25"]["noise_seed"], filled["17"]["steps"], filled["26"]["guidance"]) == (7, 10, 2.0)
    assert (filled["30"]["value"], filled["31"]["value"]) == (128, 64)
    assert graph.samplers == ("13",)
    able = abilities.of(ModelSpec("m", workflow("flux")))
    assert (able.guidance, able.negative_prompt, able.start_picture) == (Guidance.TOLD, False, False)


def test_image_to_image_runs_the_share_of_the_steps_that_is_charged() -> None:
    graph = read(workflow("img2img"))
    filled = inputs(graph, replace(SETTINGS, denoising_strength=0.5), image="start.png [temp]")
    assert filled["10"]["image"] == "start.png [temp]"
    assert (filled["3"]["steps"], filled["3"]["denoise"]) == (5, 0.5)
    able = abilities.of(ModelSpec("m", workflow("img2img")))
    assert (able.start_picture, able.picture_needed, able.mask) == (True, True, False)


def test_inpainting_finds_the_mask_in_the_start_pictures_transparency() -> None:
    graph = read(workflow("inpaint"))
    assert graph.places[Role.MASK] == graph.places[Role.IMAGE] == (Place("10", "image"),)
    assert abilities.of(ModelSpec("m", workflow("inpaint"))).draws_around


def test_a_mask_of_its_own_is_found_and_one_that_is_turned_around_too() -> None:
    changed = document("inpaint") | {
        "20": {"class_type": "LoadImageMask", "inputs": {"image": "mask.png", "channel": "red"}},
        "21": {"class_type": "InvertMask", "inputs": {"mask": ["20", 0]}},
    }
    changed["11"]["inputs"]["mask"] = ["21", 0]
    graph = graph_in(changed)
    assert graph.places[Role.MASK] == (Place("20", "image"),)
    assert graph.inverts_mask


def test_a_picture_that_a_model_looks_at_takes_no_strength() -> None:
    changed = document("flux") | {
        "40": {"class_type": "LoadImage", "inputs": {"image": "x.png"}},
        "41": {"class_type": "VAEEncode", "inputs": {"pixels": ["40", 0], "vae": ["10", 0]}},
        "42": {"class_type": "ReferenceLatent", "inputs": {"conditioning": ["6", 0], "latent": ["41", 0]}},
    }
    changed["26"]["inputs"]["conditioning"] = ["42", 0]
    graph = graph_in(changed)
    assert graph.places[Role.IMAGE] == (Place("40", "image"),)
    assert not graph.starts_from_picture


def test_the_picture_of_a_controlnet_stays_the_workflows() -> None:
    changed = document("sd15") | {
        "40": {"class_type": "LoadImage", "inputs": {"image": "lines.png"}},
        "41": {
            "class_type": "ControlNetApplyAdvanced",
            "inputs": {"positive": ["6", 0], "negative": ["7", 0], "control_net": ["42", 0], "image": ["40", 0]},
        },
        "42": {"class_type": "ControlNetLoader", "inputs": {"control_net_name": "x"}},
    }
    changed["3"]["inputs"] |= {"positive": ["41", 0], "negative": ["41", 1]}
    graph = graph_in(changed)
    assert not graph.takes(Role.IMAGE)
    assert graph.places[Role.NEGATIVE_PROMPT] == (Place("7", "text"),)


def test_placeholders_say_what_goes_where_and_are_filled_in_once() -> None:
    changed = document("sd15")
    changed["6"]["inputs"]["text"] = "oil painting of %prompt%, %unknown%"
    changed["3"]["inputs"]["steps"] = "%steps%"
    changed["9"]["inputs"]["filename_prefix"] = "%prompt%"
    filled = inputs(graph_in(changed), replace(SETTINGS, prompt="%seed% 50%"))
    assert filled["6"]["text"] == "oil painting of %seed% 50%, %unknown%"
    assert filled["3"]["steps"] == 10


def test_titles_outweigh_what_links_say() -> None:
    changed = document("sd15") | {
        "50": {"class_type": "MyWords", "inputs": {"text": "x"}, "_meta": {"title": " Prompt "}},
        "51": {"class_type": "MySize", "inputs": {"width": 1, "height": 1}, "_meta": {"title": "size"}},
    }
    filled = inputs(graph_in(changed))
    assert (filled["50"]["text"], filled["6"]["text"]) == (SETTINGS.prompt, "a boat")
    assert (filled["51"], filled["5"]["width"]) == ({"width": 128, "height": 64}, 512)


def test_one_number_for_both_sides_is_no_size() -> None:
    changed = document("flux")
    changed["5"]["inputs"]["height"] = ["30", 0]
    assert not graph_in(changed).takes_size


def test_a_model_is_as_its_workflow_was_saved() -> None:
    assert recommended(workflow("sd15")) == {"width": 512, "height": 512, "steps": 20, "guidance_scale": 8.0}
    assert recommended(workflow("flux")) == {"width": 1024, "height": 768, "steps": 20, "guidance_scale": 3.5}
    assert recommended("none.json") == recommended("some/folder") == {}


def test_the_host_reads_what_was_found_and_what_is_missing() -> None:
    found = described(read(workflow("flux")))
    assert "prompt: text of node 6 (CLIPTextEncode)" in found.takes
    assert "seed: noise_seed of node 25 (RandomNoise)" in found.takes
    assert "It takes no negative prompt." in found.lacks
    assert any(each.startswith("It takes no mask") for each in found.lacks)
    assert "It draws nothing without a start picture." in described(read(workflow("img2img"))).lacks


def fixed(folder: Path) -> ModelSpec:
    """A workflow that takes words and a seed, and nothing else."""
    changed = document("flux")
    changed["17"]["inputs"] = {"sigmas": "1, 0"}
    changed["17"]["class_type"] = "ManualSigmas"
    changed["16"]["class_type"] = "SamplerLCM"
    changed["16"]["inputs"] = {}
    changed["22"]["inputs"]["conditioning"] = ["6", 0]
    changed["5"]["inputs"] |= {"width": ["60", 0], "height": ["60", 1]}
    changed["60"] = {"class_type": "SomeSize", "inputs": {"model": "square"}}
    file = folder / "fixed.json"
    file.write_text(json.dumps(changed))
    return ModelSpec("fixed", str(file), steps=4)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (PartialSettings(steps=20), "a number of steps"),
        (PartialSettings(negative_prompt="rain"), "a negative prompt"),
        (PartialSettings(guidance_scale=5.0), "guidance"),
        (PartialSettings(sampler=Sampler.EULER), "the sampler Euler"),
        (PartialSettings(hires_factor=2.0), "hires"),
        (PartialSettings(variation_strength=0.1), "variations"),
    ],
)
def test_what_a_workflow_does_not_take_is_refused_in_one_sentence(
    tmp_path: Path, named: PartialSettings, said: str
) -> None:
    model = fixed(tmp_path)
    with pytest.raises(Unsuitable, match=said):
        suitability.check_named(named, "a fox", model)
    suitability.check_named(PartialSettings(steps=4), "a fox", model)


def test_explanations_creative_upscales_and_loras_are_refused(tmp_path: Path) -> None:
    model = fixed(tmp_path)
    refused: list[Callable[[], None]] = [
        lambda: suitability.check_explains(model),
        lambda: suitability.check_refines(model),
        lambda: suitability.check_named(PartialSettings(), "a fox <lora:ink:1>", model),
    ]
    for check in refused:
        with pytest.raises(Unsuitable):
            check()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "page"),
        ('{"nodes": [], "links": []}', "page"),
        ('{"1": 7}', "is no node"),
        ('{"1": {"class_type": "KSampler"}}', "is no node"),
        ('{"1": {"class_type": "KSampler", "inputs": {}}}', "saves no picture"),
        ('{"1": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}}', "prompt"),
        ('{"1": {"class_type": "SaveImage", "inputs": {"images": ["gone", 0]}}}', "prompt"),
    ],
)
def test_a_file_that_is_no_workflow_says_what_to_do(text: str, said: str) -> None:
    with pytest.raises(BrokenWorkflow, match=said):
        graph_of(nodes.parsed(text))


def test_links_in_a_circle_end() -> None:
    changed = document("sd15")
    changed["6"]["inputs"]["text"] = ["6", 0]
    changed["3"]["inputs"]["latent_image"] = ["3", 0]
    with pytest.raises(BrokenWorkflow, match="prompt"):
        graph_in(changed)


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokenWorkflow, match=r"gone\.json can't be read"):
        read(str(tmp_path / "gone.json"))


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    model = fixed(tmp_path)
    assert abilities.of(model).steps == 4
    Path(model.source).write_text(Path(workflow("sd15")).read_text())
    assert abilities.of(model).steps is None


def test_a_misspelt_placeholder_is_named() -> None:
    given = nodes.read(workflow("sd15"))
    given["6"] = replace(given["6"], inputs={**given["6"].inputs, "text": "oil painting of %promt%, %prompt%"})
    assert "%promt% is no placeholder: correct its spelling." in described(graph_of(given)).lacks
