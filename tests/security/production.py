"""The application with production settings, asked once through the whole chain; prints every answer as JSON.

    python -m tests.security.production

The caller's environment is a clinic's: KAP_MODE=production, SITE_URL with https, one trusted proxy, which says in
X-Forwarded-Proto that it ended TLS. The database is the tests'; what is made here is thrown away.
"""

import json
import os
import sys

HOST = "clinic.example"
PROXY = {"HTTP_HOST": HOST, "HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_FOR": "198.51.100.7"}


def environment(database_url: str, var: str) -> dict:
    """What a clinic's unit file would hold; secrets of this run."""
    import secrets

    keep = {name: os.environ[name] for name in ("PATH", "HOME", "REDIS_URL", "LANG") if name in os.environ}
    return keep | {
        "KAP_MODE": "production", "SECRET_KEY": secrets.token_urlsafe(48) + "aZ9-", "DATABASE_URL": database_url,
        "FIELD_KEYS": f"p1:{secrets.token_urlsafe(32)}", "SITE_URL": f"https://{HOST}", "ALLOWED_HOSTS": HOST,
        "TRUSTED_PROXIES": "1", "KAP_VAR_DIR": var, "DJANGO_SETTINGS_MODULE": "kap.settings", "LOG_LEVEL": "CRITICAL",
        "EMAIL_HOST": "mail.example",
    }  # fmt: skip


def told(what: str, answer) -> dict:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return {
        "what": what, "status": answer.status_code,
        "headers": {name.lower(): value for name, value in answer.items()},
        "cookies": [morsel.OutputString() for morsel in answer.cookies.values()],
        "page": body.decode(errors="replace") if "html" in answer.get("Content-Type", "") else "",
    }  # fmt: skip


def addresses():
    """Every address that needs nothing in its path."""
    from django.urls import NoReverseMatch, URLPattern, get_resolver, reverse

    def walk(resolver, space=""):
        for entry in resolver.url_patterns:
            if isinstance(entry, URLPattern):
                yield f"{space}{entry.name}"
            else:
                yield from walk(entry, f"{space}{entry.namespace}:" if entry.namespace else space)

    for name in sorted(set(walk(get_resolver()))):
        try:
            yield reverse(name)
        except NoReverseMatch:
            continue


def static_files():
    from pathlib import Path

    from django.conf import settings

    for suffix in (".css", ".js", ".svg", ".woff2"):
        found = next(path for path in sorted(Path(settings.STATIC_ROOT).rglob(f"*{suffix}")))
        yield f"{settings.STATIC_URL}{found.relative_to(settings.STATIC_ROOT)}"


def answers():
    from unittest import mock

    from django.test import Client, override_settings

    from kap.core import views
    from tests.factories.people import ClientFactory, UserFactory

    def browser(user=None, **more):
        made = Client(raise_request_exception=False, **(PROXY | more))
        if user:
            made.force_login(user)
        return made

    nobody = browser()
    paths = list(addresses())
    for path in [*paths, *static_files()]:
        yield told(f"anonymous {path}", nobody.get(path))
    admin = UserFactory(roles=["admin", "therapist", "prescriber"], name="Kit Admin")
    herself = UserFactory(roles=["client"], name="Cleo Client")
    ClientFactory(user=herself)
    for word, user in (("staff", admin), ("client", herself)):
        for path in paths:
            yield told(f"{word} without second factor {path}", browser(user).get(path))
            with override_settings(SECOND_FACTOR=False):
                yield told(f"{word} {path}", browser(user).get(path))
    yield from taste(browser(), admin, paths)
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False, **PROXY)
    yield told("403 of a post without token", strict.post("/sign-in/", {"email": "a@b.example"}))
    yield told("404", nobody.get("/nothing/here/"))
    yield told("404 of a static file", nobody.get("/static/nothing.js"))
    yield told("405", nobody.put("/sign-in/"))
    yield told("redirect for a slash", nobody.get("/help"))
    yield told("redirect to HTTPS", browser(HTTP_X_FORWARDED_PROTO="http").get("/sign-in/"))
    yield told(
        "redirect of a static file to HTTPS", browser(HTTP_X_FORWARDED_PROTO="http").get("/static/x.css")
    )
    yield told("400 of another host name", browser(HTTP_HOST="evil.example").get("/sign-in/"))
    yield told("400 of another host name, static", browser(HTTP_HOST="evil.example").get("/static/x.css"))
    yield told("400 of a form too large", nobody.post("/sign-in/", {f"f{n}": "x" for n in range(700)}))
    with mock.patch.object(views, "render", side_effect=[RuntimeError("tried"), mock.DEFAULT]) as render:
        from django.shortcuts import render as real

        render.side_effect = _fail_once(real)
        yield told("500", nobody.get("/help/"))


def taste(visitor, user, paths):
    """What else leaves a cookie: a theme for the desk and the room, a sign-in by password; and HEAD for GET."""
    from django.test import override_settings

    from tests.factories.people import PASSWORD

    with override_settings(SECOND_FACTOR=False):
        yield told("theme", visitor.post("/theme/", {"theme": "dark"}))
        yield told("theme of the room", visitor.post("/theme/", {"theme": "light", "for": "room"}))
        said = {"email": user.email, "password": PASSWORD}
        yield told("sign in by password", visitor.post("/sign-in/staff/", said))
        yield told("dark", visitor.get("/account/"))
        for path in paths:
            yield told(f"HEAD of {path}", visitor.head(path))
        yield told("theme as the system says", visitor.post("/theme/", {"theme": ""}))
        yield told("sign out", visitor.post("/sign-out/"))


def _fail_once(real):
    calls = []

    def render(*args, **kwargs):
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("tried on purpose")
        return real(*args, **kwargs)

    return render


def main() -> int:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import transaction
    from django.test.utils import setup_test_environment

    call_command("collectstatic", interactive=False, verbosity=0)
    setup_test_environment()
    from django.conf import settings

    settings.ALLOWED_HOSTS = [HOST]  # without the tests' own host name
    with transaction.atomic():
        json.dump(list(answers()), sys.stdout)
        transaction.set_rollback(True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
