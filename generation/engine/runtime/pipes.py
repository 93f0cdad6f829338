"""The pipe from a worker process to the bot."""

import os
import sys
from typing import BinaryIO


def claim_output() -> BinaryIO:
    """Take the pipe to the bot for messages alone; whatever a library prints goes to the log."""
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return pipe
