"""A hub on this machine: serves a folder of repositories as huggingface.co does, as far as fetching needs it."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "c" * 40


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a hub whose repositories are `folder`/owner/name."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def log_message(self, *_: object) -> None:
            """Quietly."""

        def _answer(self, *, with_body: bool) -> None:
            kind, _, path = self.path.partition("?")[0].lstrip("/").partition("/")
            if kind == "api":
                _, owner, name, *verb = path.split("/")
                listed = _listed(folder / owner / name)
                known = {
                    "id": f"{owner}/{name}",
                    "sha": COMMIT,
                    "siblings": [{"rfilename": each["path"]} for each in listed],
                }
                self._send(
                    json.dumps(listed if verb[:1] == ["tree"] else known).encode(), "application/json", with_body
                )
                return
            owner, (name, _, _, inside) = kind, path.split("/", 3)
            file = folder / owner / name / inside
            if file.is_file():
                self._send(file.read_bytes(), "application/octet-stream", with_body)
            else:
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()

        def _send(self, data: bytes, kind: str, with_body: bool) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if with_body:
                self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _listed(repository: Path) -> list[dict[str, object]]:
    files = sorted(file for file in repository.rglob("*") if file.is_file())
    return [
        {
            "type": "file",
            "path": str(file.relative_to(repository)),
            "size": file.stat().st_size,
            "oid": hashlib.sha1(file.read_bytes()).hexdigest(),
        }
        for file in files
    ]
