"""The shipped list of what diffusers' pipelines take, against the installed diffusers."""

import json

from generation.pipelines import FILE
from tools import pipelines


def test_the_list_is_that_of_the_installed_diffusers() -> None:
    assert json.loads(FILE.read_text()) == json.loads(json.dumps(pipelines.found())), "run python -m tools.pipelines"
