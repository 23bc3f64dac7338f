"""Pages in headless Chromium, for anybody or for a signed-in officer."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which
from threading import Thread

import httpx

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1000,900",
)


class Browser:
    """Opens pages in headless Chromium: what it made of the page, and a picture of it."""

    def __init__(self, home: str, folder: Path) -> None:
        self.home = home
        self.folder = folder
        found = which("chromium") or which("chromium-browser")
        assert found, "no Chromium: run `make test-browser` as root once, or install it"
        self.program = found

    def open(self, path: str) -> str:
        """Return the page as the browser built it."""
        return unescape(self._run("--dump-dom", path).stdout)

    def picture(self, path: str) -> bytes:
        """Return a screenshot of the page."""
        file = self.folder / "page.png"
        self._run(f"--screenshot={file}", path)
        return file.read_bytes()

    def _run(self, what: str, path: str) -> subprocess.CompletedProcess[str]:
        profile = f"--user-data-dir={self.folder / 'profile'}"
        command = [self.program, *FLAGS, profile, what, f"{self.home}{path}"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)


@contextmanager
def signed_in(portal: httpx.Client) -> Iterator[str]:
    """Yield an address whose every page is asked for with an officer's session: Chromium takes no cookie."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = portal.get(self.path)
            self.send_response(answer.status_code)
            for name in ("content-type", "content-security-policy"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
