"""A worker starts without the packages that few pictures need."""

import subprocess
import sys
from textwrap import dedent


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
        asked = ("diffusers", "transformers", "peft", "ncnn", "scipy.optimize", "scipy.linalg", "scipy.special")
        print(*(name for name in asked if name in sys.modules))
        config = {"_class_name": "EulerDiscreteScheduler"}
        lms = scheduler_for(Sampler.LMS, config, 4, torch.device("cpu"))
        print(lms.get_lms_coefficient(1, 0, 0) != 0)
        beta = scheduler_for(Sampler.EULER, config, 4, torch.device("cpu"), Schedule.BETA)
        print(bool(beta.sigmas.isfinite().all()))
    """
    assert printed(code) == ["diffusers", "transformers", "True", "True"]


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
