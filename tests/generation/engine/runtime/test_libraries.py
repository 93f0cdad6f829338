"""A worker starts without the packages that few pictures need."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

from generation import wire
from generation.catalogue import POCKET, ModelSpec
from generation.engine import worker
from generation.loras import LoraSpec


def printed(code: str) -> list[str]:
    """The words that `code` prints in a fresh process."""
    ended = subprocess.run([sys.executable, "-c", dedent(code)], check=True, capture_output=True, text=True)
    return ended.stdout.split()


def test_importing_the_worker_loads_no_model_library_and_no_rare_package() -> None:
    code = """
        import sys
        import generation.engine.worker
        rare = {"diffusers", "transformers", "peft", "scipy", "ncnn"}
        print(*(name for name in sys.modules if name in rare))
    """
    assert printed(code) == []


def test_a_worker_that_is_ready_has_loaded_its_libraries_and_scipy_comes_with_the_samplers_that_need_it() -> None:
    code = """
        import sys
        import torch
        from generation.engine import worker
        from generation.engine.denoising.samplers import scheduler_for
        from generation.engine.runtime import libraries
        from generation.settings import Sampler, Schedule

        libraries.prepare()
        asked = ("diffusers", "transformers", "peft", "torchao", "bitsandbytes", "ncnn")
        asked += ("scipy.optimize", "scipy.linalg", "scipy.special")
        print(*(name for name in asked if name in sys.modules))
        config = {"_class_name": "EulerDiscreteScheduler"}
        lms = scheduler_for(Sampler.LMS, config, 4, torch.device("cpu"))
        print(lms.get_lms_coefficient(1, 0, 0) != 0)
        beta = scheduler_for(Sampler.EULER, config, 4, torch.device("cpu"), Schedule.BETA)
        print(bool(beta.sigmas.isfinite().all()))
    """
    assert printed(code) == ["diffusers", "transformers", "True", "True"]


def test_peft_comes_where_loras_are_for_a_model_that_diffusers_draws(tmp_path: Path) -> None:
    code = """
        from generation.engine.runtime import libraries

        libraries.prepare(peft=True)
        from diffusers.utils import USE_PEFT_BACKEND
        print(USE_PEFT_BACKEND)
    """
    assert printed(code) == ["True"]
    models = []
    for name, pipeline in {"sana": "SanaPipeline", "flux": "FluxPipeline"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "model_index.json").write_text(json.dumps({"_class_name": pipeline}))
        models.append(ModelSpec(name, str(tmp_path / name)))
    ink = LoraSpec("ink", tmp_path / "ink.safetensors")
    options = wire.Configure(tuple(models), (ink,))
    assert worker.needs_peft(options)
    assert not worker.needs_peft(replace(options, loras=()))
    assert not worker.needs_peft(replace(options, loras=(replace(ink, models=("flux",)),)))
    assert not worker.needs_peft(replace(options, models=(POCKET, models[1])))


def test_a_postponed_module_is_imported_when_it_is_used() -> None:
    code = """
        import sys
        from generation.engine.runtime.libraries import PostponedModule
        sys.modules["colorsys"] = PostponedModule("colorsys")
        import colorsys
        print(type(sys.modules["colorsys"]) is PostponedModule, hasattr(colorsys, "__file__"))
        print(colorsys.rgb_to_hsv(0, 0, 0)[2], type(sys.modules["colorsys"]) is PostponedModule)
    """
    assert printed(code) == ["True", "False", "0", "False"]
