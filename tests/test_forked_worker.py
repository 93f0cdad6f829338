"""A fork looks like a process of its own to whoever starts it."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from tests.forked_worker import ForkServer


async def started(server: ForkServer, script: str, **options: object) -> Process:
    return await asyncio.create_subprocess_exec(*server.command(script), stdin=PIPE, stdout=PIPE, **options)  # type: ignore[arg-type]


async def test_a_fork_has_the_streams_folder_and_environment_of_its_caller(
    fork_server: ForkServer, tmp_path: Path
) -> None:
    script = "import os, sys; print(sys.stdin.read(), os.getcwd(), os.environ['FRUIT'], 'torch' in sys.modules)"
    process = await started(fork_server, script, cwd=tmp_path, env={"FRUIT": "apple"})
    said, _ = await process.communicate(b"hello")
    assert said.decode().split() == ["hello", str(tmp_path), "apple", "True"]
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("raise SystemExit(3)", 3),
        ("import sys; sys.exit('no')", 1),
        ("raise ValueError", 1),
        ("import os; os._exit(4)", 4),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
    ],
)
async def test_it_ends_with_the_status_of_its_script(fork_server: ForkServer, script: str, status: int) -> None:
    process = await started(fork_server, script)
    assert await process.wait() == status


async def test_killing_it_kills_the_fork(fork_server: ForkServer) -> None:
    process = await started(fork_server, "import os, time; print(os.getpid(), flush=True); time.sleep(1000)")
    assert process.stdout is not None
    pid = int(await process.stdout.readline())
    process.kill()
    assert await process.stdout.read() == b"", "nobody holds the other end any more"
    async with asyncio.timeout(60):
        while alive(pid):
            await asyncio.sleep(0.01)


async def test_it_waits_for_its_threads_before_it_ends(fork_server: ForkServer) -> None:
    script = "import threading, time; threading.Thread(target=lambda: (time.sleep(0.1), print('done'))).start()"
    said, _ = await (await started(fork_server, script)).communicate()
    assert said == b"done\n"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
