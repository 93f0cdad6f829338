"""Start worker processes quickly, as forks of one process that has already imported torch.

Pass `ForkServer.command()` to `LocalPool` in place of `generation.local_worker.WORKER`. To the pool it is a process
like any other: it talks over standard input and output, ends with the worker's exit status, and killing it kills the
worker. Libraries that read environment variables at import have read the server's.
"""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Self

from generation.local_worker import QUIET

CLIENT = Path(__file__).with_name("client.py")

WORKER = "from generation.engine import worker; worker.main()"


class ForkServer:
    """A process that has imported the engine and forks a worker for each command it is given. Use as `with`.

    `environment` is added to this process's own when the server imports its libraries.
    """

    def __init__(self, environment: Mapping[str, str] = MappingProxyType({})) -> None:
        self._environment = {**QUIET, **os.environ, **environment}
        self._folder = tempfile.TemporaryDirectory(prefix="forks")
        self._address = str(Path(self._folder.name) / "socket")
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            assert self._server.stdin is not None
            self._server.stdin.close()
            self._server.wait()
        self._folder.cleanup()

    def command(self, script: str = WORKER) -> tuple[str, ...]:
        """The command that runs a Python script in a fork. The first call starts the server in the background."""
        if self._server is None:
            self._start()
        return sys.executable, "-I", "-S", str(CLIENT), self._address, script

    def _start(self) -> None:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self._address)
            listener.listen()
            command = [sys.executable, "-m", "tests.forked_worker.server", str(listener.fileno())]
            self._server = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                pass_fds=[listener.fileno()],
                start_new_session=True,
                env=self._environment,
            )
