"""Our own cookies. Over https each one bears the prefix by which a browser takes it from this host alone.

`__Host-` means: set over https, for the whole site, by this very host; so neither a page on a neighbouring name nor
somebody on the line without https can put one in its place. Without https, as in the demonstration, browsers would
refuse the prefix.
"""

from django.conf import settings


def named(plain: str) -> str:
    return f"__Host-{plain}" if settings.HTTPS else plain


def read(request, plain: str) -> str:
    return request.COOKIES.get(named(plain), "")


def keep(response, plain: str, value: str, seconds: int) -> None:
    """For no script to read."""
    response.set_cookie(
        named(plain), value, max_age=seconds, path="/", httponly=True, samesite="Lax", secure=settings.HTTPS
    )


def drop(response, plain: str) -> None:
    response.delete_cookie(named(plain), path="/", samesite="Lax")
