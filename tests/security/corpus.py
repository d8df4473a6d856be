"""What people type who mean harm, or whose keyboard is broken: 70 words or more, by what they attack.

`RAN` is called by every script that gets to run; pages are watched for it, and for whatever their policy stops.
"""

RAN = "__ran"
MILLION = 1_000_000

SCRIPTS = [
    f"<script>{RAN}(1)</script>", f"\"><script>{RAN}(2)</script>", f"'><script>{RAN}(3)</script>",
    f"</title><script>{RAN}(4)</script>", f"</textarea><script>{RAN}(5)</script>", f"--><script>{RAN}(6)</script>",
    f"<img src=x onerror={RAN}(7)>", f"\"><img src=x onerror={RAN}(8)>", f"' onmouseover={RAN}(9) x='",
    f"\" autofocus onfocus={RAN}(10) x=\"", f"<svg onload={RAN}(11)>", f"<svg><script>{RAN}(12)</script></svg>",
    f"<svg><animate onbegin={RAN}(13) attributeName=x dur=1s>", f"<math href=javascript:{RAN}(14)>x</math>",
    f"<details open ontoggle={RAN}(15)>", f"<iframe srcdoc='<script>parent.{RAN}(16)</script>'>",
    f"<a href=javascript:{RAN}(17)>press</a>", f"javascript:{RAN}(18)", f"data:text/html,<script>{RAN}(19)</script>",
    f"<object data=javascript:{RAN}(20)>", f"<embed src=javascript:{RAN}(21)>", "<base href=//evil.example/>",
    f"<meta http-equiv=refresh content='0;url=javascript:{RAN}(22)'>", "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//evil.example/x.css>", "<form action=//evil.example><button>Send</button></form>",
    f"<div hx-get=/ hx-trigger=load hx-on:load={RAN}(23)>", f"<div hx-on::after-request={RAN}(24) hx-get=/ hx-trigger=load>",
    f"<ScRiPt>{RAN}(25)</sCrIpT>", f"<scr<script>ipt>{RAN}(26)</scr</script>ipt>", f"<img/src=x/onerror={RAN}(27)>",
    f"\\u003cscript\\u003e{RAN}(28)\\u003c/script\\u003e", f"&lt;script&gt;{RAN}(29)&lt;/script&gt;",
]  # fmt: skip
TEMPLATES = [
    "{{ 7|add:7 }}", "{{ settings.SECRET_KEY }}", "{% load static %}", "{% include 'base.html' %}", "{% debug %}", "{{",
    "{% endblock %}", "${7*7}", "#{7*7}", "%(name)s %s %d %", "{0.__class__.__mro__}", "{clinic}",
]  # fmt: skip
FORMULAS = [
    "=1+1",
    '=HYPERLINK("//evil.example")',
    "+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "=cmd|' /C calc'!A0",
    "＝1+1",
]
SQL = [
    "' OR '1'='1", "'; DROP TABLE people_client; --", "\" OR 1=1 --", "1); SELECT pg_sleep(9) --", "%' AND 1=0 UNION SELECT 1 --",
    "\\'; --", "%", "_", "$$;SELECT 1;$$",
]  # fmt: skip
PATHS = [
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "file:///etc/passwd",
    "/dev/null",
    "%2e%2e%2f",
    "C:\\con",
]
UNICODE = [
    "\u202egnp.exe\u202c", "\u2066a\u2069\u2067b", "a\u200bb\u200d\ufeff", "e" + "\u0301" * 60,
    "\U0001f9ea\U0001f468\u200d\U0001f469",
    "\U00010348\U0002a6b2", "İıŞß", "\ufffe\uffff", "\u2028\u2029", "\x1b[31mred\x07", "\x7f\x80\x9f", "a\ud800b",
    "\udfff", "ﷺ" * 9, "\u202e<b>", "\x0b\x0c",
]  # fmt: skip
LINES = [
    "a\r\nBcc: evil@mail.example",
    "a\nSet-Cookie: x=1",
    "a\r\n\r\n<script>",
    "a%0d%0aLocation: //evil.example",
    "\r",
    "\n\n\n",
]
NUL = ["\x00", "a\x00b", "\x00' OR 1=1"]
HUGE = ["A" * MILLION, "<b>" * (MILLION // 3)]

WORDS = [*SCRIPTS, *TEMPLATES, *FORMULAS, *SQL, *PATHS, *UNICODE, *LINES]
ALL = [*WORDS, *NUL, *HUGE]
NUMBERS = ["-1", "1e999", "NaN", "9" * 400, "0x10", "1,5", "٣", "1" + "0" * 30, "-0", "2147483648", "1\x00"]
TIMES = [
    "9999-12-31",
    "0001-01-01",
    "10000-01-01",
    "2026-02-30",
    "2026-11-01T01:30",
    "9999-12-31T23:59",
    "24:61",
    "+1",
    "now",
]

# Breaks out of text, of both kinds of quoted attributes, and of a title; short enough for a name.
SHORT = f"\"'><img src=x onerror={RAN}()>"
MARK = "kap-hostile-mark"
# Every way out at once, for boxes that take a sentence.
LONG = f"</title></textarea>{SHORT}<script>{RAN}(2)</script><svg onload={RAN}(3)><{MARK}>{{{{ 7|add:7 }}}}{{% now 'Y' %}}"
