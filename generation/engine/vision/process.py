"""The process that looks at pictures: tasks in on standard input, answers out on what was standard output.

Run as `python -m generation.engine.vision.process` by `generation.vision_process`.
"""

import logging
import sys
from typing import BinaryIO

from generation import wire
from generation.engine.runtime.pipes import claim_output
from generation.engine.vision.eyes import Eyes
from generation.vision import Unseen, VisionTask


def main() -> None:
    """Answer until standard input closes."""
    tasks, answers = sys.stdin.buffer, claim_output()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        serve(Eyes(wire.read(tasks)), tasks, answers)
    except EOFError:
        return


def serve(eyes: Eyes, tasks: BinaryIO, answers: BinaryIO) -> None:
    """Answer tasks until they end. Raises `EOFError` then."""
    while True:
        task: VisionTask = wire.read(tasks)
        answers.write(wire.pack(_answer(eyes, task)))
        answers.flush()


def _answer(eyes: Eyes, task: VisionTask) -> object:
    try:
        return eyes.see(task)
    except Exception as error:  # noqa: BLE001 - the ring of this worker: a task's error ends that task
        return Unseen(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
