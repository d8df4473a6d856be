"""Hostile HTML in the process that draws PDFs: no address is asked, no file is read, no words of one get in.

Each of the documents below is also drawn by the plain library without our fetcher and without confinement: there
the canaries are hit, so that a corpus which tries nothing cannot pass.
"""

import http.server
import io
import threading

import pypdf
import pytest

from kap.documents import pdf, pdf_process

CANARY = "Goldhaehnchen"
SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"

# {at}: the loopback canary. {file}: a file of the machine. Each stands in a document of its own.
HTTP = {
    "image": '<img src="{at}/a.png">',
    "image set": '<img srcset="{at}/b.png 2x" src="{at}/b.png">',
    "redirect to a file": '<img src="{at}/redirect-file">',
    "redirect to itself": '<img src="{at}/redirect">',
    "style sheet": '<link rel="stylesheet" href="{at}/c.css">',
    "import": '<style>@import url("{at}/d.css");</style>',
    "import in an import": '<style>@import "{at}/nested.css";</style>',
    "background": '<p style="background:url({at}/e.png)">x</p>',
    "list style": '<ul style="list-style-image:url({at}/f.png)"><li>x</ul>',
    "content": "<style>p::before {{ content: url({at}/g.png) }}</style><p>x",
    "border image": '<p style="border:9px solid;border-image:url({at}/h.png) 3">x</p>',
    "mask of a page": "<style>@page {{ background: url({at}/i.png) }}</style>",
    "font face": "<style>@font-face {{ font-family: Z; src: url({at}/z.ttf) }} p {{ font-family: Z }}</style><p>x",
    "object": '<object data="{at}/j.png" type="image/png">x</object>',
    "embed": '<embed src="{at}/k.png" type="image/png">',
    "attachment": '<link rel="attachment" href="{at}/l.txt">',
    "attachment by anchor": '<a rel="attachment" href="{at}/m.txt">x</a>',
    "svg image": f'<svg xmlns="{SVG}" width="9" height="9"><image href="{{at}}/n.png" width="9" height="9"/></svg>',
    "svg by the old name": f'<svg xmlns="{SVG}" xmlns:xlink="{XLINK}" width="9" height="9"><image xlink:href="{{at}}/o.png" '
    'width="9" height="9"/></svg>',
    "svg use": f'<svg xmlns="{SVG}" width="9" height="9"><use href="{{at}}/p.svg#x"/></svg>',
    "svg style sheet": f'<svg xmlns="{SVG}" width="9" height="9"><style>@import url({{at}}/q.css);</style></svg>',
    "base": '<base href="{at}/"><img src="r.png">',
    "relative scheme": '<img src="//{host}/s.png">',
}
FILES = {
    "image of a file": '<img src="{file}">',
    "attachment of a file": '<link rel="attachment" href="{file}">',
    "attachment by anchor of a file": '<a rel="attachment" href="{file}">x</a>',
    "style sheet of a file": '<link rel="stylesheet" href="{css}">',
    "svg image of a file": f'<svg xmlns="{SVG}" width="9" height="9"><image href="{{svg}}" width="9" height="9"/></svg>',
    "object of a file": '<object data="{svg}" type="image/svg+xml"></object>',
    "import of a file": '<style>@import url("{css}");</style>',
    "base of a file": '<base href="{folder}/"><link rel="attachment" href="canary.txt">',
}
OTHERS = {
    "data": '<img src="data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22%3E%3C/svg%3E">',
    "data style sheet": '<link rel="stylesheet" href="data:text/css,p%7Bcolor:red%7D">',
    "our own scheme, another file": '<link rel="stylesheet" href="kap:../kap/settings.py">',
    "our own scheme, upwards": '<img src="kap:css/../../.env">',
    "our own scheme, encoded": '<img src="kap:css/%2e%2e/%2e%2e/manage.py">',
    "our own scheme in capitals": '<img src="KAP:../kap/settings.py">',
    "ftp": '<img src="ftp://127.0.0.1/x.png">',
    "unix": '<img src="unix:/var/run/docker.sock">',
    "metadata of a cloud": '<img src="http://169.254.169.254/latest/meta-data/">',
}
QUIET = {  # nothing of this is ever loaded by a printer
    "script": '<script src="{at}/t.js"></script>',
    "frame": '<iframe src="{at}/u.html"></iframe>',
    "form": '<form action="{at}/v"><input type="submit"></form>',
    "refresh": '<meta http-equiv="refresh" content="0;url={at}/w">',
    "prefetch": '<link rel="prefetch" href="{at}/x">',
    "icon": '<link rel="icon" href="{at}/y.ico">',
    "entity": '<!DOCTYPE x [<!ENTITY e SYSTEM "{file}">]><p>&e;',
    "plain link": '<a href="{at}/only-pressed">x</a>',
}


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A web server on the loopback that counts, and files with words of their own."""
    hits: list[str] = []
    folder = tmp_path_factory.mktemp("machine")

    class Counting(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            hits.append(self.path)
            if self.path.startswith("/redirect"):
                self.send_response(302)
                target = (folder / "canary.txt").as_uri() if "file" in self.path else "/a.png"
                self.send_header("Location", target)
                self.end_headers()
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f'@import "/deeper.css"; {CANARY}'.encode())

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    (folder / "canary.txt").write_text(CANARY)
    (folder / "canary.css").write_text(f'p::before {{ content: "{CANARY}" }}')
    text = f'<svg xmlns="{SVG}" width="300" height="30"><text y="20">{CANARY}</text></svg>'
    (folder / "canary.svg").write_text(text)
    host = f"127.0.0.1:{server.server_address[1]}"
    places = {
        "at": f"http://{host}", "host": host, "folder": folder.as_uri(), "file": (folder / "canary.txt").as_uri(),
        "css": (folder / "canary.css").as_uri(), "svg": (folder / "canary.svg").as_uri(),
    }  # fmt: skip
    yield hits, places
    server.shutdown()
    thread.join(5)
    server.server_close()


def document(fragment: str, places: dict) -> str:
    return f'<!doctype html><html lang="en"><title>x</title><body><p>Words</p>{fragment.format(**places)}'


def holds_canary(body: bytes) -> bool:
    """In its text, in what is attached, or anywhere among its streams."""
    reader = pypdf.PdfReader(io.BytesIO(body))
    text = "".join(page.extract_text() for page in reader.pages)
    attached = b"".join(part for parts in reader.attachments.values() for part in parts)
    streams = b""
    for number in range(1, len(reader.xref[0]) + 1 if 0 in reader.xref else 1):
        try:
            found = reader.get_object(number)
            streams += found.get_data() if hasattr(found, "get_data") else b""
        except Exception:  # a free object has nothing to read
            continue
    return CANARY in text or CANARY.encode() in attached + streams + body


def drawn(html: str) -> tuple[bytes, str]:
    """The PDF, or the words of the refusal."""
    try:
        return pdf.write(html).body, ""
    except pdf.RenderFailed as failed:
        return b"", str(failed)


@pytest.mark.parametrize("name", [*HTTP, *FILES, *OTHERS, *QUIET])
def test_nothing_is_fetched_and_nothing_gets_in(machine, name):
    hits, places = machine
    hits.clear()
    fragment = {**HTTP, **FILES, **OTHERS, **QUIET}[name]
    made, refused = drawn(document(fragment, places))
    if refused:
        assert "may not load" in refused
        assert CANARY not in refused
    else:
        assert name in QUIET or name in HARMLESS, "it was drawn although it asks for something"
        assert not holds_canary(made)
    assert hits == []
    assert (
        "Words" in pypdf.PdfReader(io.BytesIO(pdf.write(document("", places)).body)).pages[0].extract_text()
    )


# Drawn without what they ask for: the library keeps an error inside a picture to itself, or never loads it.
HARMLESS = {
    "svg style sheet", "svg image", "svg by the old name", "svg use",
    "svg image of a file",
}  # fmt: skip


def test_without_our_fetcher_and_process_the_same_documents_do_reach_out(machine):
    """In a process of its own, which may do everything: the corpus is not harmless."""
    import subprocess
    import sys

    hits, places = machine
    line = [
        sys.executable, "-c",
        "import sys, weasyprint; sys.stdout.buffer.write("
        "weasyprint.HTML(string=sys.stdin.read(), base_url='file:///').write_pdf())",
    ]  # fmt: skip

    def plainly(fragments) -> bytes:
        html = document("".join(fragments), places)
        done = subprocess.run(line, input=html.encode(), capture_output=True, timeout=120)
        assert done.returncode == 0, done.stderr[-500:]
        return done.stdout

    hits.clear()
    plainly(f for name, f in HTTP.items() if name != "base")
    never = {
        "svg use",
        "svg style sheet",
        "base",
        "relative scheme",
    }  # not loaded by this library, or only from afar
    wanted = {
        "/" + part.split("}/")[1].split('"')[0].split(")")[0].split("'")[0].split("#")[0].split(" ")[0]
        for name, part in HTTP.items()
        if name not in never
    }
    assert wanted <= set(hits)
    assert len(wanted) >= len(HTTP) - len(never) - 1
    for name in ("attachment of a file", "style sheet of a file", "object of a file"):
        assert holds_canary(plainly([FILES[name]])), name


def test_the_process_has_no_secret_no_database_and_no_way_out():
    """Its surroundings, as the kernel shows them."""
    import os
    from pathlib import Path

    if not Path("/proc/self/environ").exists():
        pytest.skip("only Linux shows a process so")
    pdf.write("<!doctype html><title>x</title><p>x")
    press = pdf_process._running
    there = Path(f"/proc/{press.process.pid}")
    environment = (there / "environ").read_text()
    for name in ("SECRET_KEY", "FIELD_KEYS", "DATABASE", "REDIS", "EMAIL", "postgres"):
        assert name not in environment
    assert "SECRET_KEY" in os.environ, "there was something to keep away"
    handles = {os.readlink(entry) for entry in (there / "fd").iterdir()}
    assert all(handle.startswith(("pipe:", "/dev/null", "/dev/urandom")) for handle in handles), handles
    assert {"network", "syscalls"} & set(press.layers)
    status = (there / "status").read_text()
    assert "NoNewPrivs:\t1" in status
    if "syscalls" in press.layers:
        assert "Seccomp:\t2" in status
    if "network" in press.layers:
        assert os.readlink(there / "ns" / "net") != os.readlink("/proc/self/ns/net")


OPEN = """    class Open(URLFetcher):
        def fetch(self, url, headers=None):
            if url in assets:
                return URLFetcherResponse(url, assets[url], {"Content-Type": "text/css" if url.endswith("css") else "font/ttf"})
            return super().fetch(url, headers)
    return Open()
"""
LOOSE = """
def network(): return []
def syscalls(): return []
def files(readable, writable): return []
def python(writable): return []
def enough(layers): return True
"""


@pytest.fixture
def with_a_hole(tmp_path, monkeypatch):
    """The process with a fetcher that lets everything through; `loose` takes the confinement away as well."""
    child = pdf_process.CHILD

    def dig(*, loose: bool):
        pdf_process.end()
        text = child.read_text()
        closed = '    return OwnAssetsOnly(allowed_protocols=[SCHEME.rstrip(":")])\n'
        assert closed in text
        (tmp_path / "child.py").write_text(text.replace(closed, OPEN))
        confine = (child.parent / "confine.py").read_text()
        (tmp_path / "confine.py").write_text(confine + (LOOSE if loose else ""))
        monkeypatch.setattr(pdf_process, "CHILD", tmp_path / "child.py")

    yield dig
    pdf_process.end()


@pytest.mark.parametrize("loose", [False, True], ids=["confined", "unconfined"])
def test_a_hole_in_the_fetcher_leads_nowhere_because_the_kernel_keeps_it_in(machine, with_a_hole, loose):
    hits, places = machine
    with_a_hole(loose=loose)
    hits.clear()
    got_in = set()
    for name, fragment in {**HTTP, **FILES}.items():
        made, refused = drawn(document(fragment, places))
        assert refused == "", "the hole is not open"
        if holds_canary(made):
            got_in.add(name)
    if loose:  # the control: without the kernel all this does happen
        assert len(set(hits)) > 15
        assert {"attachment of a file", "style sheet of a file", "object of a file"} <= got_in
    else:
        assert hits == []
        if "files" in pdf_process._running.layers:
            assert got_in == set()
