"""What each tool writes, and the settings that are read from it."""

import json
from typing import Any

import pytest

from generation.found_settings import FoundSettings
from generation.infotext import NoInfotext
from generation.other_tools import reading
from generation.settings import Sampler, Schedule

PICTURE = (640, 960)

SWARMUI = {
    "parameters": json.dumps(
        {
            "sui_image_params": {
                "prompt": "a fox",
                "negativeprompt": "blurry",
                "model": "Official/dream_shaper.safetensors",
                "seed": 7,
                "steps": 20,
                "cfgscale": 6.5,
                "width": 512,
                "height": 768,
                "sampler": "dpmpp_2m_sde_gpu",
                "scheduler": "exponential",
                "clipstopatlayer": -2,
                "swarm_version": "0.9.5",
            }
        }
    )
}

FOOOCUS = {
    "fooocus_scheme": "fooocus",
    "parameters": json.dumps(
        {
            "prompt": "a fox",
            "negative_prompt": "blurry",
            "resolution": "(512, 768)",
            "steps": 20,
            "guidance_scale": 6.5,
            "seed": "7",
            "sampler": "dpmpp_2m_sde_gpu",
            "scheduler": "exponential",
            "base_model": "dream_shaper.safetensors",
            "clip_skip": 2,
        }
    ),
}

INVOKEAI = {
    "invokeai_metadata": json.dumps(
        {
            "positive_prompt": "a fox",
            "negative_prompt": "blurry",
            "width": 512,
            "height": 768,
            "seed": 7,
            "cfg_scale": 6.5,
            "steps": 20,
            "scheduler": "euler_k",
            "clip_skip": 1,
            "model": {"key": "k", "name": "dream_shaper"},
        }
    )
}

INVOKEAI_2 = {
    "sd-metadata": json.dumps(
        {
            "model_weights": "dream_shaper",
            "image": {
                "prompt": [{"prompt": "a fox [blurry]", "weight": 1}],
                "steps": 20,
                "cfg_scale": 6.5,
                "width": 512,
                "height": 768,
                "seed": 7,
                "sampler": "k_euler_a",
            },
        }
    )
}

DREAM = {"Dream": '"a fox [blurry]" -s 20 -S 7 -W 512 -H768 -C 6.5 -A k_euler_a'}

NOVELAI = {
    "Software": "NovelAI",
    "Source": "dream_shaper",
    "Description": "a fox",
    "Comment": json.dumps(
        {
            "prompt": "a fox",
            "uc": "blurry",
            "seed": 7,
            "steps": 20,
            "scale": 6.5,
            "width": 512,
            "height": 768,
            "sampler": "k_euler",
            "noise_schedule": "karras",
        }
    ),
}


def graph(**more: Any) -> dict[str, Any]:
    """The usual nodes of a picture from words."""
    return {
        "3": {
            "class_type": "KSampler",
            "inputs": {
                "seed": 7,
                "steps": 20,
                "cfg": 6.5,
                "sampler_name": "dpmpp_2m_sde_gpu",
                "scheduler": "exponential",
                "denoise": 1,
                "model": ["10", 0],
                "positive": ["6", 0],
                "negative": ["7", 0],
                "latent_image": ["5", 0],
            },
        },
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd15\\dream_shaper.safetensors"}},
        "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 768, "batch_size": 1}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["4", 1]}},
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
        "10": {"class_type": "LoraLoader", "inputs": {"lora_name": "ink", "model": ["4", 0], "clip": ["4", 1]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0]}},
    } | more


SAMPLER = graph()["3"]

UPSCALED = {
    "2": {
        "class_type": "KSampler",
        "inputs": SAMPLER["inputs"] | {"seed": 8, "denoise": 0.5, "latent_image": ["1", 0]},
    },
    "1": {"class_type": "LatentUpscale", "inputs": {"samples": ["3", 0], "width": 1024, "height": 1536}},
}
"""A second sampler, listed first by its number."""

LINKED = {
    "3": {"class_type": "KSampler (Efficient)", "inputs": SAMPLER["inputs"] | {"seed": ["20", 0], "steps": ["21", 0]}},
    "20": {"class_type": "Seed (rgthree)", "inputs": {"seed": 7}},
    "21": {"class_type": "PrimitiveInt", "inputs": {"value": 20}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["22", 0], "clip": ["4", 1]}},
    "22": {"class_type": "ShowText", "inputs": {"text": ["23", 0]}},
    "23": {"class_type": "PrimitiveStringMultiline", "inputs": {"value": "a fox"}},
}
"""Values that come from nodes of their own."""

CONTROLLED = {
    "3": {"class_type": "KSampler", "inputs": SAMPLER["inputs"] | {"positive": ["30", 0], "negative": ["30", 1]}},
    "30": {"class_type": "ControlNetApplyAdvanced", "inputs": {"positive": ["6", 0], "negative": ["7", 0]}},
}

CUSTOM = {
    "3": {
        "class_type": "SamplerCustomAdvanced",
        "inputs": {
            "noise": ["40", 0],
            "guider": ["41", 0],
            "sampler": ["42", 0],
            "sigmas": ["43", 0],
            "latent_image": ["5", 0],
        },
    },
    "40": {"class_type": "RandomNoise", "inputs": {"noise_seed": 7}},
    "41": {"class_type": "BasicGuider", "inputs": {"model": ["4", 0], "conditioning": ["44", 0]}},
    "42": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "dpmpp_2m_sde_gpu"}},
    "43": {"class_type": "BasicScheduler", "inputs": {"scheduler": "exponential", "steps": 20, "denoise": 1}},
    "44": {"class_type": "FluxGuidance", "inputs": {"guidance": 6.5, "conditioning": ["6", 0]}},
    "4": {"class_type": "UNETLoader", "inputs": {"unet_name": "flux/dream_shaper.safetensors"}},
}

PAGE = {
    "links": [
        [1, 4, 0, 3, 0, "MODEL"],
        [2, 6, 0, 3, 1, "CONDITIONING"],
        [3, 7, 0, 3, 2, ""],
        [4, 5, 0, 3, 3, "LATENT"],
    ],
    "nodes": [
        {
            "id": 3,
            "type": "KSampler",
            "inputs": [
                {"name": name, "link": link}
                for name, link in (("model", 1), ("positive", 2), ("negative", 3), ("latent_image", 4), ("seed", None))
            ],
            "widgets_values": [7, "randomize", 20, 6.5, "dpmpp_2m_sde_gpu", "exponential", 1],
        },
        {"id": 4, "type": "CheckpointLoaderSimple", "widgets_values": ["dream_shaper.safetensors"]},
        {"id": 5, "type": "EmptyLatentImage", "widgets_values": [512, 768, 1]},
        {"id": 6, "type": "CLIPTextEncode", "widgets_values": ["a fox"]},
        {"id": 7, "type": "CLIPTextEncode", "widgets_values": ["blurry"]},
        {"id": 8, "type": "Note", "widgets_values": {"text": "mine"}},
    ],
}


def comfyui(nodes: dict[str, Any]) -> dict[str, str]:
    return {"prompt": json.dumps(nodes), "workflow": "{}"}


def read(chunks: dict[str, str]) -> FoundSettings:
    return reading.found_in(chunks, PICTURE)


SDE, EXPONENTIAL = Sampler.DPMPP_2M_SDE_KARRAS, Schedule.EXPONENTIAL


@pytest.mark.parametrize(
    ("chunks", "sampler", "schedule", "clip_skip"),
    [
        pytest.param(SWARMUI, SDE, EXPONENTIAL, 2, id="SwarmUI"),
        pytest.param(FOOOCUS, SDE, EXPONENTIAL, 2, id="Fooocus"),
        pytest.param(INVOKEAI, Sampler.EULER, Schedule.KARRAS, 2, id="InvokeAI"),
        pytest.param(INVOKEAI_2, Sampler.EULER_ANCESTRAL, Schedule.SAMPLER, 1, id="InvokeAI 2"),
        pytest.param(NOVELAI, Sampler.EULER, Schedule.KARRAS, 1, id="NovelAI"),
        pytest.param(comfyui(graph()), SDE, EXPONENTIAL, 1, id="ComfyUI"),
        pytest.param(comfyui(UPSCALED | graph()), SDE, EXPONENTIAL, 1, id="ComfyUI in two passes"),
        pytest.param(comfyui(graph(**LINKED)), SDE, EXPONENTIAL, 1, id="ComfyUI with linked values"),
        pytest.param(comfyui(graph(**CONTROLLED)), SDE, EXPONENTIAL, 1, id="ComfyUI with a ControlNet"),
        pytest.param({"workflow": json.dumps(PAGE)}, SDE, EXPONENTIAL, 1, id="ComfyUI's page"),
        pytest.param(comfyui(graph(**CUSTOM)), SDE, EXPONENTIAL, 1, id="ComfyUI with FLUX"),
    ],
)
def test_the_settings_of_other_tools(
    chunks: dict[str, str], sampler: Sampler, schedule: Schedule, clip_skip: int
) -> None:
    found = read(chunks)
    settings = found.complete()
    assert (settings.prompt, settings.seed, settings.steps, settings.guidance_scale) == ("a fox", 7, 20, 6.5)
    assert (settings.width, settings.height, settings.model) == (512, 768, "dream_shaper")
    assert (settings.sampler, settings.schedule, settings.clip_skip) == (sampler, schedule, clip_skip)
    assert settings.negative_prompt == ("" if "SamplerCustom" in chunks.get("prompt", "") else "blurry")
    assert found.changed == ""


def test_a_command_of_the_first_invokeai() -> None:
    settings = read(DREAM).complete()
    assert (settings.prompt, settings.negative_prompt, settings.seed, settings.steps) == ("a fox", "blurry", 7, 20)
    assert (settings.width, settings.height, settings.guidance_scale) == (512, 768, 6.5)
    assert settings.sampler is Sampler.EULER_ANCESTRAL


def test_the_characters_of_novelai_are_part_of_the_prompt() -> None:
    told = {
        "caption": {"base_caption": "two animals", "char_captions": [{"char_caption": "fox"}, {"char_caption": "owl"}]}
    }
    comment = json.loads(NOVELAI["Comment"]) | {
        "v4_prompt": told,
        "v4_negative_prompt": {"caption": {"base_caption": "x"}},
    }
    found = read(NOVELAI | {"Comment": json.dumps(comment)})
    assert (found.prompt, found.others.negative_prompt) == ("two animals, fox, owl", "x")


def test_texts_that_are_combined_are_all_of_the_prompt() -> None:
    nodes = graph(
        **{
            "3": {"class_type": "KSampler", "inputs": SAMPLER["inputs"] | {"positive": ["50", 0]}},
            "50": {
                "class_type": "ConditioningCombine",
                "inputs": {"conditioning_1": ["6", 0], "conditioning_2": ["51", 0]},
            },
            "51": {
                "class_type": "ConditioningSetArea",
                "inputs": {"conditioning": ["52", 0], "width": 64, "height": 64},
            },
            "52": {"class_type": "CLIPTextEncode", "inputs": {"text": "snow", "clip": ["4", 1]}},
        }
    )
    assert read(comfyui(nodes)).prompt == "a fox, snow"


def test_a_size_that_nobody_wrote_is_that_of_the_picture() -> None:
    nodes = graph(**{"5": {"class_type": "VAEEncode", "inputs": {"pixels": ["60", 0]}}})
    settings = read(comfyui(nodes)).complete()
    assert (settings.width, settings.height) == PICTURE


def test_what_cannot_be_drawn_here_is_replaced_and_told() -> None:
    inputs = SAMPLER["inputs"] | {"sampler_name": "dpm_2_ancestral", "scheduler": "gits", "steps": 999, "cfg": 0.5}
    found = read(comfyui(graph(**{"3": {"class_type": "KSampler", "inputs": inputs | {"seed": 2**64 - 2**32 + 7}}})))
    settings = found.complete()
    assert (settings.prompt, settings.seed, settings.width, settings.height) == ("a fox", 7, 512, 768)
    assert (settings.sampler, settings.schedule) == (Sampler.DPMPP_2M_KARRAS, Schedule.SAMPLER)
    assert found.changed == (
        "sampler dpm_2_ancestral → DPM++ 2M Karras, schedule gits → Automatic, steps 999 → 150, cfg 0.5 → 1"
    )


def test_a_size_beyond_the_bounds_keeps_its_shape() -> None:
    found = read(comfyui(graph(**{"5": {"class_type": "EmptyLatentImage", "inputs": {"width": 4096, "height": 2050}}})))
    assert (found.others.width, found.others.height) == (2048, 1024)
    assert found.changed == "size 4096×2050 → 2048×1024"


def test_text_of_a1111_comes_first_and_a_graph_after_what_is_no_settings() -> None:
    text = "an owl\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 5, Size: 512x512"
    assert read(comfyui(graph()) | {"parameters": text}).prompt == "an owl"
    assert read(comfyui(graph()) | {"parameters": "just words"}).prompt == "a fox"


@pytest.mark.parametrize(
    "chunks",
    [
        {},
        {"prompt": "a fox"},
        {"prompt": "[" * 100_000},
        {"prompt": json.dumps([1, 2])},
        {"prompt": json.dumps({"1": 2})},
        {"prompt": json.dumps({"1": {"inputs": {"latent_image": ["1", 0], "steps": 3, "cfg": float("nan")}}})},
        {"prompt": json.dumps({"1": {"inputs": {"latent_image": ["1", 0], "steps": float("inf")}}})},
        {"prompt": " " * 2**20 + json.dumps(graph())},
        {"workflow": json.dumps({"links": [[1]], "nodes": []})},
        {"parameters": json.dumps({"sui_image_params": ["prompt"]})},
        {"parameters": json.dumps({"prompt": "x", "resolution": "wide"})},
        {"invokeai_metadata": json.dumps({"positive_prompt": 3})},
        {"Comment": "made with love"},
        {"Comment": json.dumps({"prompt": "x", "sampler": "y", "seed": "9" * 5000, "steps": 3})},
        {"Dream": "a fox"},
    ],
    ids=lambda chunks: json.dumps(chunks)[:60],
)
def test_what_no_tool_writes_is_no_settings(chunks: dict[str, str]) -> None:
    with pytest.raises(NoInfotext):
        read(chunks)


def test_a_graph_that_goes_in_circles_or_on_and_on_ends() -> None:
    circle = {"6": {"class_type": "Reroute", "inputs": {"text": ["6", 0]}}, "4": {"inputs": {"model": ["10", 0]}}}
    assert read(comfyui(graph(**circle))).prompt == ""
    long = {str(n): {"inputs": {"conditioning": [str(n + 1), 0], "model": [str(n + 1), 0]}} for n in range(100, 5000)}
    ends = {
        "3": {"class_type": "KSampler", "inputs": SAMPLER["inputs"] | {"positive": ["100", 0], "model": ["100", 0]}}
    }
    assert read(comfyui(graph(**long, **ends))).prompt == ""


def test_halves_of_characters_are_no_part_of_a_prompt() -> None:
    nodes = graph(**{"6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a \ud83e\udd8a fox\ud800\0"}}})
    assert read(comfyui(nodes)).prompt == "a 🦊 fox�"
