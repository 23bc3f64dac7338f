"""`python -m zhengshu_stub all`: answers /health/ready; refuses to start when told so."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health/ready" else 404)
        self.end_headers()
        self.wfile.write(os.environ.get("ZHENGSHU_STUB_WORD", "").encode())


if "ZHENGSHU_STUB_BROKEN" in os.environ:
    sys.exit("this stub is broken")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
HTTPServer(("127.0.0.1", int(os.environ["ZHENGSHU_STUB_PORT"])), Ready).serve_forever()
