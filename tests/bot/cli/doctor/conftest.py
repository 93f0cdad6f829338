"""Devices are tried in forks of a process that has imported torch, and a hub on this machine is asked."""

import json
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import MappingProxyType
from typing import Any

import pytest

from bot.cli.doctor import device
from tests.forked_worker import ForkServer

NOTHING: Mapping[str, Any] = MappingProxyType({})

TRIAL = "from generation.engine.runtime import device_trial; device_trial.main()"

REPOSITORIES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "someone/model": {"siblings": ["model_index.json", "unet/config.json"]},
        "someone/gated": {"siblings": ["model_index.json"], "gated": "manual"},
        "someone/words": {"siblings": ["README.md"]},
        "someone/guides": {"siblings": ["models/adapter.safetensors"]},
    }
)

MEMBER = "hf_member"
"""The token of an account that has accepted the terms of the gated repository."""


@pytest.fixture(scope="module", autouse=True)
def forked_trials(fork_server: ForkServer) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device, "TRIAL", fork_server.command(TRIAL))
        yield


class _Hub(BaseHTTPRequestHandler):
    """Tells about `REPOSITORIES` as the hub does, and is out of order for owner "ill"."""

    def do_GET(self) -> None:
        _, _, _, owner, name, *verb = self.path.partition("?")[0].split("/")
        known, token = REPOSITORIES.get(f"{owner}/{name}"), self.headers.get("Authorization", "")
        if owner == "ill":
            self._answer(503)
        elif token.endswith("revoked"):
            self._answer(401, {"X-Error-Message": "Invalid credentials in Authorization header"})
        elif known is None:
            self._answer(*((404, {"X-Error-Code": "RepoNotFound"}) if token else (401,)))
        elif verb and known.get("gated") and not token.endswith(MEMBER):
            self._answer(403, {"X-Error-Code": "GatedRepo"})
        else:
            siblings = [{"rfilename": each} for each in known["siblings"]]
            self._answer(200, body={"id": f"{owner}/{name}", **known, "siblings": siblings})

    def _answer(self, status: int, headers: Mapping[str, str] = NOTHING, body: Mapping[str, Any] = NOTHING) -> None:
        data = json.dumps(dict(body)).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Quietly."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a hub, which is asked without a token."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("HF_ENDPOINT", address)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    yield address
    server.shutdown()
    thread.join()
    server.server_close()
