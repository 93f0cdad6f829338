"""Import the engine once, then run the script of each client in a fork of this process.

A fork is killed when its client is gone. The server ends when its standard input closes.
"""

import json
import os
import selectors
import signal
import socket
import sys
import threading
from contextlib import suppress
from typing import Any, NoReturn, cast

import diffusers
import transformers

from generation.engine import worker as worker
from tests.forked_worker.client import LENGTH, STATUS

NEEDED = (
    diffusers.AutoencoderKL,
    diffusers.StableDiffusionPipeline,
    diffusers.UNet2DConditionModel,
    transformers.CLIPTextModel,
    transformers.CLIPTokenizer,
)
"""Classes that both libraries import on first use, and that a worker needs to load its first model."""


def serve(listener: socket.socket) -> str:
    """Fork for each client. Returns in the fork alone, with the script to run; the server itself exits."""
    watched = selectors.DefaultSelector()
    ended, wakeup = socket.socketpair()
    wakeup.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
    clients: dict[int, socket.socket] = {}
    for source in (0, listener, ended):
        watched.register(source, selectors.EVENT_READ)
    while True:
        for key, _ in watched.select():
            if key.fileobj == 0:
                for pid in clients:
                    os.kill(pid, signal.SIGKILL)
                os._exit(0)
            elif key.fileobj is ended:
                ended.recv(4096)
                _report(clients, watched)
            elif key.fileobj is listener:
                client, _ = listener.accept()
                request, streams = _read(client)
                pid = os.fork()
                if not pid:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    watched.close()
                    for inherited in (listener, ended, wakeup, client, *clients.values()):
                        inherited.close()
                    return _become(request, streams)
                for stream in streams:
                    os.close(stream)
                clients[pid] = client
                watched.register(client, selectors.EVENT_READ, pid)
            elif key.data in clients:
                watched.unregister(key.fileobj)
                os.kill(key.data, signal.SIGKILL)


def _report(clients: dict[int, socket.socket], watched: selectors.BaseSelector) -> None:
    """Give each client whose fork has ended its exit status."""
    for pid in list(clients):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if not ended:
            continue
        client = clients.pop(pid)
        with suppress(KeyError):
            watched.unregister(client)
        with suppress(OSError), client:
            client.sendall(STATUS.pack(os.waitstatus_to_exitcode(status)))


def _read(client: socket.socket) -> tuple[dict[str, Any], list[int]]:
    head, streams, _, _ = socket.recv_fds(client, LENGTH.size, 3)
    (length,) = LENGTH.unpack(head)
    return cast(dict[str, Any], json.loads(client.recv(length, socket.MSG_WAITALL))), streams


def _become(request: dict[str, Any], streams: list[int]) -> str:
    """Take the client's streams, folder and environment."""
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    script: str = request["script"]
    return script


def run(script: str) -> int:
    """The exit status of a script that ends by itself or by `SystemExit`; any other exception ends this process."""
    try:
        exec(script, {"__name__": "__main__"})
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    return 0


def end(status: int) -> NoReturn:
    """Wait for the threads and end, as an interpreter does, without the second it spends on tearing down modules."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    end(run(serve(socket.socket(fileno=int(sys.argv[1])))))
