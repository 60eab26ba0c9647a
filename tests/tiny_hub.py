"""A hub on this machine: a few repositories of small files, served over the paths that huggingface_hub asks, with its checksums and ranges."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = (".safetensors", ".bin", ".pt")  # kept by SHA-256, as large files are there


@dataclass
class Hub:
    """`repos` may be changed while it runs. `asked` are the requests for content: (file, the range that was asked for)."""

    repos: dict[str, dict[str, bytes]]
    url: str = ""
    gated: set[str] = field(default_factory=set)
    breaks: dict[str, int] = field(default_factory=dict)  # file: once, after so many bytes, the line is cut
    lost: set[str] = field(default_factory=set)  # files that cannot be had
    corrupt: dict[str, int] = field(default_factory=dict)  # file: so many times it comes with other bytes
    asked: list[tuple[str, str]] = field(default_factory=list)


def of_folder(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def serve(repos: dict[str, dict[str, bytes]]) -> Iterator[Hub]:
    hub = Hub(repos)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


def blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET(head=True)

    def do_GET(self, head: bool = False) -> None:
        path = unquote(urlsplit(self.path).path)
        asked = re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/(revision|tree)/[^/]+/?.*)?", path)
        if asked:
            self._tell(asked[1], asked[2])
        elif wanted := re.fullmatch(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)", path):
            self._give(wanted[1], wanted[2], head)
        else:
            self._answer(404, b"{}")

    def _tell(self, repo: str, what: str | None) -> None:
        if repo not in self.hub.repos:
            self._answer(404, b'{"error": "Repository not found"}', {"X-Error-Code": "RepoNotFound"})
            return
        rows = []
        for name, content in self.hub.repos[repo].items():
            large = (
                {"lfs": {"oid": _sha(content), "sha256": _sha(content), "size": len(content), "pointerSize": 134}}
                if _is_large(name)
                else {}
            )
            rows.append(
                {"type": "file", "path": name, "rfilename": name, "size": len(content), "oid": blob(content), "blobId": blob(content)}
                | large
            )
        told = rows if what == "tree" else {"id": repo, "modelId": repo, "sha": COMMIT, "siblings": rows, "private": False, "tags": []}
        self._answer(200, json.dumps(told).encode(), {"Content-Type": "application/json"})

    def _give(self, repo: str, name: str, head: bool) -> None:
        if repo in self.hub.gated:
            self._answer(403, b"{}", {"X-Error-Code": "GatedRepo"})
            return
        content = self.hub.repos.get(repo, {}).get(name)
        if content is None:
            self._answer(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        etag = _sha(content) if _is_large(name) else blob(content)
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{etag}"', "Accept-Ranges": "bytes"}
        if head:
            self._answer(200, b"", headers | {"Content-Length": str(len(content))})
            return
        asked = self.headers.get("Range", "")
        self.hub.asked.append((name, asked))
        if name in self.hub.lost:
            self._answer(500, b"{}")
            return
        first = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked else 0
        if self.hub.corrupt.get(name, 0) > 0:
            self.hub.corrupt[name] -= 1
            content = content[:-1] + bytes([content[-1] ^ 1])
        if asked:
            headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        part = content[first:]
        self._answer(206 if asked else 200, part, headers | {"Content-Length": str(len(part))}, self.hub.breaks.pop(name, None))

    def _answer(self, code: int, content: bytes, headers: dict[str, str] | None = None, cut: int | None = None) -> None:
        self.send_response(code)
        for name, value in ({"Content-Length": str(len(content))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content if cut is None else content[:cut])
        self.close_connection = self.close_connection or cut is not None


def _is_large(name: str) -> bool:
    return name.endswith(LARGE)


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
