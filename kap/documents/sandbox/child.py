"""The process that draws PDFs: HTML comes in, a PDF goes out, and nothing else is within its reach.

    python -s -P child.py '{"static": …, "assets": […], "scratch": …, "readable": […], "parent": pid, …limits}'

It warms up once (loading the library takes longer than drawing), gives its rights away, and then makes a copy of
itself for each document: a document meets no other, and its limits are its own. It holds no secret: its
environment is made for it, and it never knew the database.

One request on stdin: 8 bytes length, then HTML. One answer on stdout: a line of JSON, then `length` bytes of PDF.
"""

import contextlib
import json
import os
import shutil
import signal
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import confine

SCHEME = "kap:"
SAMPLE = (
    '<!doctype html><html lang="en"><title>x</title><link rel="stylesheet" href="kap:css/pdf.css">'
    "<p>Aa <b>Bb</b> <i>Cc</i><table><tr><td>1</table>"
)


def main() -> None:
    order = json.loads(sys.argv[1])
    answers = os.dup(1)  # what libraries print must not end up in an answer
    os.dup2(2, 1)
    confine.no_new_rights()
    layers = confine.network()
    confine.die_with_parent(order["parent"])  # after it: new rights could make the kernel forget this
    try:
        fetcher = _fetcher(_assets(order))
        draw(SAMPLE, fetcher)
    except Exception as error:
        _send(answers, {"ok": False, "error": f"{type(error).__name__}: {error}"[:300]})
        return
    layers += confine.files(order["readable"], order["scratch"])
    layers += confine.syscalls()
    if not confine.enough(layers):
        words = "This machine lets us keep a document from the network in no way (namespaces, seccomp)."
        _send(answers, {"ok": False, "error": words})
        return
    _send(answers, {"ok": True, "layers": layers})
    while (html := _request()) is not None:
        _answer(answers, html, fetcher, order)


def _assets(order: dict) -> dict[str, bytes]:
    found = {}
    for name in order["assets"]:
        with open(os.path.join(order["static"], name), "rb") as file:
            found[SCHEME + name] = file.read()
    return found


def _fetcher(assets: dict[str, bytes]):
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class OwnAssetsOnly(URLFetcher):
        """Knows the product's own files, read beforehand; no other address, data: included, means anything."""

        def fetch(self, url, headers=None):
            if url not in assets:
                raise FatalURLFetchingError(f"A document may not load {url[:80]}")
            kind = "text/css" if url.endswith(".css") else "font/ttf"
            return URLFetcherResponse(url, assets[url], {"Content-Type": kind})

    return OwnAssetsOnly(allowed_protocols=[SCHEME.rstrip(":")])


def draw(html: str, fetcher) -> tuple[bytes, int]:
    import weasyprint

    made = weasyprint.HTML(string=html, base_url=SCHEME, url_fetcher=fetcher).render(pdf_variant="pdf/ua-1")
    return made.write_pdf(pdf_variant="pdf/ua-1", pdf_tags=True), len(made.pages)


def _request() -> str | None:
    head = _exactly(0, 8)
    if len(head) < 8:
        return None  # whoever asked is gone
    return _exactly(0, struct.unpack(">Q", head)[0]).decode("utf-8")


def _exactly(handle: int, length: int) -> bytes:
    parts = []
    while length and (part := os.read(handle, min(length, 1 << 20))):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _answer(answers: int, html: str, fetcher, order: dict) -> None:
    """A copy of this process draws; what it says is taken over only when it is whole."""
    reader, writer = os.pipe()
    original, pid = os.getpid(), os.fork()
    if pid == 0:
        os.close(reader)
        confine.die_with_parent(original)
        _in_the_copy(writer, answers, html, fetcher, order)  # never returns
    os.close(writer)
    said = _exactly(reader, order["pdf_bytes"] + 4096)
    os.close(reader)
    _, status = os.waitpid(pid, 0)
    _empty(order["scratch"])
    head, _, body = said.partition(b"\n")
    try:
        words = json.loads(head)
        whole = words["ok"] is False or (len(body) == words["length"] and body[:5] == b"%PDF-")
    except (ValueError, KeyError, TypeError):
        words, whole = {}, False
    if not whole:
        words, body = {"ok": False, "error": _end_of(status)}, b""
    _send(answers, words, body)


def _end_of(status: int) -> str:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL):
        return "It took more computing time than a document may."
    if os.WIFSIGNALED(status):
        return "It needed more memory than a document may, or is broken."
    return "It became larger than a document may."


def _in_the_copy(writer: int, answers: int, html: str, fetcher, order: dict) -> None:
    try:
        os.close(answers)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        confine.limits(
            memory_bytes=order["memory_bytes"], cpu_seconds=order["cpu_seconds"],
            file_bytes=order["file_bytes"], open_files=order["open_files"],
        )  # fmt: skip
        confine.python(order["scratch"])
        _send(writer, *_drawn(html, fetcher))
    except BaseException:
        os._exit(1)
    os._exit(0)


def _drawn(html: str, fetcher) -> tuple[dict, bytes]:
    """The answer. An error's text is passed on only where it is ours: others may repeat what the document says."""
    from weasyprint.urls import FatalURLFetchingError

    try:
        body, pages = draw(html, fetcher)
    except FatalURLFetchingError as error:  # a BaseException
        return {"ok": False, "error": str(error)}, b""
    except MemoryError:
        return {"ok": False, "error": "It needed more memory than a document may."}, b""
    except RecursionError:
        return {"ok": False, "error": "It is nested too deeply."}, b""
    except Exception as error:
        return {"ok": False, "error": f"It could not be drawn ({type(error).__name__})."}, b""
    return {"ok": True, "pages": pages, "length": len(body)}, body


def _send(handle: int, words: dict, body: bytes = b"") -> None:
    left = memoryview(json.dumps(words).encode() + b"\n" + body)
    while left:
        left = left[os.write(handle, left) :]


def _empty(scratch: str) -> None:
    """Fonts that one document unpacked are not there for the next."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(scratch):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                os.unlink(entry.path)


if __name__ == "__main__":
    main()
