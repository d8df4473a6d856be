"""What MDN's HTTP Observatory (algorithm 4) and Google's CSP Evaluator ask of headers, as tables that run offline.

`score(answer)` counts as the Observatory does: from 100 down by each fault and, at 90 or more, up by each credit; 100 is A+.
The preload list of browsers and redirects from plain HTTP are not in the headers of one answer and count nothing here.
"""

import re
from dataclasses import dataclass, field

BROAD = {"ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"}
INLINE = {"'unsafe-inline'", "data:"}
HALF_A_YEAR = 15_768_000
A_PLUS = 100
EXTRA_FROM = 90
GOOD_REFERRERS = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}


@dataclass
class Answer:
    """Headers by lower-case name, cookies as sent, the page. `secure`: it came over HTTPS."""

    headers: dict[str, str]
    cookies: list[str] = field(default_factory=list)
    page: str = ""
    secure: bool = True


def directives(policy: str) -> dict[str, set[str]]:
    found = {}
    for part in filter(None, (part.split() for part in policy.lower().split(";"))):
        if part[0] in found:
            raise ValueError(f"{part[0]} stands twice")
        found[part[0]] = set(part[1:]) or ({"'none'"} if part[0].endswith("-src") else set())
    return found


def policy(answer: Answer) -> int:
    text = answer.headers.get("content-security-policy", "")
    if not text.strip():
        return -25
    try:
        csp = directives(text)
    except ValueError:
        return -25
    default = csp.get("default-src", {"*"})
    script, style, objects = (csp.get(name, default) for name in ("script-src", "style-src", "object-src"))
    active = set().union(*(s for name, s in csp.items() if name not in ("img-src", "media-src")))
    passive = set().union(*(csp.get(name, default) for name in ("img-src", "media-src")))
    plain = lambda sources: any(s.startswith(("http:", "ftp:")) for s in sources)  # noqa: E731
    rules = (
        (script & (BROAD | INLINE) or objects & BROAD, -20),
        (answer.secure and plain(active), -20),
        ("'unsafe-eval'" in script | style, -10),
        (answer.secure and plain(passive), -10),
        (style & (BROAD | INLINE), 0),
        (csp.get("default-src") == {"'none'"}, 10),
    )
    return next((points for broken, points in rules if broken), 5)


def held(answer: Answer) -> list[str]:
    """What is taken back in the same breath holds nothing, and no jar keeps it."""
    return [cookie for cookie in answer.cookies if "max-age=0;" not in f"{cookie.lower()};"]


def cookies(answer: Answer) -> int:
    if not held(answer):
        return 0
    worst, all_same_site = 5, True
    safe = hsts(answer) >= 0
    for cookie in held(answer):
        name, *marks = (part.strip().lower() for part in cookie.split(";"))
        name = name.partition("=")[0]
        same_site = next((mark.partition("=")[2] for mark in marks if mark.startswith("samesite")), "")
        session = "sess" in name or "login" in name
        all_same_site = all_same_site and same_site in ("lax", "strict")
        rules = (
            (session and "secure" not in marks, -10 if safe else -40),
            (session and "httponly" not in marks, -30),
            ("csrf" in name and not same_site, -20),
            (same_site == "none" and "secure" not in marks, -20),
            ("secure" not in marks, -5 if safe else -20),
        )
        worst = min(worst, *(points for broken, points in rules if broken), 5)
    return worst if worst < 0 or all_same_site else 0


def hsts(answer: Answer) -> int:
    found = re.search(r"max-age=(\d+)", answer.headers.get("strict-transport-security", ""))
    if not found or not answer.secure:
        return -20
    return 0 if int(found[1]) >= HALF_A_YEAR else -10


def cors(answer: Answer) -> int:
    """Never sent by us; with any origin and credentials it would cost fifty."""
    open_to_all = answer.headers.get("access-control-allow-origin", "") not in ("", "null")
    return -50 if open_to_all and answer.headers.get("access-control-allow-credentials") == "true" else 0


def referrer(answer: Answer) -> int:
    sent = [
        word.strip() for word in answer.headers.get("referrer-policy", "").lower().split(",") if word.strip()
    ]
    if not sent:
        return 0
    return 5 if sent[-1] in GOOD_REFERRERS else -5


def scripts(answer: Answer) -> int:
    """Integrity marks are asked of what comes from elsewhere; ours comes from here."""
    sources = re.findall(r"<script[^>]*\bsrc=[\"']?([^\"' >]+)", answer.page, re.I)
    elsewhere = [source for source in sources if re.match(r"(https?:)?//", source)]
    if any(not source.startswith("https:") for source in elsewhere):
        return -50
    return -5 if elsewhere else 0


def nosniff(answer: Answer) -> int:
    return 0 if answer.headers.get("x-content-type-options", "").lower() == "nosniff" else -5


def framing(answer: Answer) -> int:
    try:
        ancestors = directives(answer.headers.get("content-security-policy", "")).get("frame-ancestors")
    except ValueError:
        ancestors = None
    if ancestors is not None and not ancestors & BROAD:
        return 5
    return 0 if answer.headers.get("x-frame-options", "").upper() in ("DENY", "SAMEORIGIN") else -20


def resources(answer: Answer) -> int:
    sent = answer.headers.get("cross-origin-resource-policy", "")
    return {"same-origin": 10, "same-site": 10, "cross-origin": 0, "": 0}.get(sent, -5)


RULES = (policy, cookies, hsts, cors, referrer, scripts, nosniff, framing, resources)


def points(answer: Answer) -> dict[str, int]:
    return {rule.__name__: rule(answer) for rule in RULES}


def score(answer: Answer) -> int:
    counted = points(answer).values()
    without_extra = 100 + sum(n for n in counted if n < 0)
    return 100 + sum(counted) if without_extra >= EXTRA_FROM else max(0, without_extra)


def high_findings(policy_text: str) -> list[str]:
    """What CSP Evaluator calls high: a way to run a script in spite of the policy, or an unreadable one."""
    try:
        csp = directives(policy_text)
    except ValueError as error:
        return [str(error)]
    default = csp.get("default-src")
    found = [f"{n} is missing" for n in ("script-src", "object-src") if csp.get(n, default) is None]
    if "base-uri" not in csp:
        found.append("base-uri is missing")
    for name in ("script-src", "object-src", "base-uri"):
        sources = csp.get(name, default or set())
        found += [
            f"{name} {source}"
            for source in sources & (BROAD | INLINE | {"blob:", "filesystem:", "'unsafe-eval'"})
        ]
    return found
