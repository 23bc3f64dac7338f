"""As much of S3's protocol as a client of ours speaks: objects whole or in parts, listing, removing.

Keeps everything in memory; lets nobody in who does not sign with the one access key.
"""

import hashlib
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

SPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


@dataclass
class Bucket:
    """What lies in the store, by path, and the parts of what is not whole yet."""

    key: str
    objects: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    url: str = ""


class Handler(BaseHTTPRequestHandler):
    """One request; the path is `/bucket/key`."""

    protocol_version = "HTTP/1.1"
    bucket: Bucket

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def handle_one_request(self) -> None:
        """Take a request apart before it is answered."""
        try:
            super().handle_one_request()
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True

    def _taken(self) -> tuple[str, dict[str, str], bytes] | None:
        """Return path, query and body; None when the caller is nobody we know."""
        parts = urlsplit(self.path)
        query = {
            key: values[0] for key, values in parse_qs(parts.query, keep_blank_values=True).items()
        }
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        signed = re.search(r"Credential=([^/]+)/", self.headers.get("authorization", ""))
        if not signed or signed[1] != self.bucket.key:
            self._answer(403, b"<Error><Code>AccessDenied</Code></Error>")
            return None
        return unquote(parts.path), query, body

    def do_GET(self) -> None:
        """An object, or what lies under a prefix."""
        if (taken := self._taken()) is None:
            return
        path, query, _ = taken
        if "list-type" in query:
            self._list(path, query.get("prefix", ""))
        elif path in self.bucket.objects:
            self._answer(200, self.bucket.objects[path])
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def _list(self, bucket: str, prefix: str) -> None:
        root = bucket.rstrip("/") + "/"
        found = "".join(
            f"<Contents><Key>{escape(path.removeprefix(root))}</Key><Size>{len(body)}</Size>"
            f"<ETag>{tag(body)}</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            for path, body in sorted(self.bucket.objects.items())
            if path.startswith(root + prefix)
        )
        told = (
            f"<ListBucketResult {SPACE}><IsTruncated>false</IsTruncated>{found}</ListBucketResult>"
        )
        self._answer(200, told.encode())

    def do_HEAD(self) -> None:
        """What is known of an object."""
        self.do_GET()

    def do_PUT(self) -> None:
        """A whole object, or a part of one."""
        if (taken := self._taken()) is None:
            return
        path, query, body = taken
        if "uploadId" in query:
            self.bucket.parts[query["uploadId"]][int(query["partNumber"])] = body
        else:
            self.bucket.objects[path] = body
        self._answer(200, b"", ETag=tag(body))

    def do_POST(self) -> None:
        """The begin or the end of an object in parts, or a list of what goes."""
        if (taken := self._taken()) is None:
            return
        path, query, body = taken
        if "uploads" in query:
            upload = f"upload-{len(self.bucket.parts)}"
            self.bucket.parts[upload] = {}
            self._told("InitiateMultipartUploadResult", f"<UploadId>{upload}</UploadId>")
        elif "uploadId" in query:
            parts = self.bucket.parts.pop(query["uploadId"])
            self.bucket.objects[path] = b"".join(parts[number] for number in sorted(parts))
            self._told("CompleteMultipartUploadResult", f"<ETag>{tag(body)}</ETag>")
        else:
            keys = [one.text or "" for one in ElementTree.fromstring(body).iterfind(".//{*}Key")]
            for key in keys:
                self.bucket.objects.pop(f"{path.rstrip('/')}/{key}", None)
            gone = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
            self._told("DeleteResult", gone)

    def do_DELETE(self) -> None:
        """An object, there or not, or the parts of one."""
        if (taken := self._taken()) is not None:
            self.bucket.objects.pop(taken[0], None)
            self.bucket.parts.pop(taken[1].get("uploadId", ""), None)
            self._answer(204, b"")

    def _told(self, kind: str, inner: str) -> None:
        self._answer(200, f"<{kind} {SPACE}>{inner}</{kind}>".encode())

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        headers = {"ETag": tag(body), "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"} | headers
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def tag(body: bytes) -> str:
    """The tag by which S3 tells one content from another."""
    return f'"{hashlib.md5(body).hexdigest()}"'


@contextmanager
def running_s3(key: str, tls: ssl.SSLContext | None = None) -> Iterator[Bucket]:
    """A store on a port of this machine until the end of the block."""
    bucket = Bucket(key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Handler,), {"bucket": bucket}))
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    bucket.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
