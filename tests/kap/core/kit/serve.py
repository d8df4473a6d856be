"""Serve the sample pages under the product's own content security policy, on a free port."""

import json
import mimetypes
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.kap.core.kit.pages import ROOT, contexts, render

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        address = urlsplit(self.path)
        if address.path.startswith("/static/"):
            path = (ROOT / address.path.lstrip("/")).resolve()
            if not path.is_relative_to(ROOT / "static") or not path.is_file():
                return self.answer(404, b"", "text/plain")
            return self.answer(
                200, path.read_bytes(), mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            )
        name = address.path.strip("/")
        if name not in contexts():
            return self.answer(404, b"no such page", "text/plain")
        theme = parse_qs(address.query, keep_blank_values=True).get("theme", ["light"])[0]
        try:
            return self.answer(200, render(name, theme).encode(), "text/html; charset=utf-8")
        except Exception as problem:
            return self.answer(500, f"{type(problem).__name__}: {problem}"[:600].encode(), "text/plain")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.posted.append(body.decode(errors="replace"))
        time.sleep(self.server.slow)
        code, answer = self.server.replies.pop(0) if self.server.replies else (200, {"saved_at": "14:07"})
        self.answer(code, json.dumps(answer).encode(), "application/json")

    def answer(self, code, body, kind):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def start(port: int = 0) -> ThreadingHTTPServer:
    """``server.replies`` holds (code, JSON) for the next POSTs, ``server.posted`` what was sent."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Page)
    server.replies, server.posted, server.slow = [], [], 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


if __name__ == "__main__":
    import django

    django.setup()
    running = start(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    for page in contexts():
        print(f"http://127.0.0.1:{running.server_port}/{page}?theme=light")
    threading.Event().wait()
