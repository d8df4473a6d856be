"""Small questions about ports and servers. Plain functions, no Django."""

import socket
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as sock:
        sock.bind((host, 0))
        return sock.getsockname()[1]


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now. A socket in TIME_WAIT does not count as busy."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError:
            return False
    return True


def answers(host: str, port: int, seconds: float = 2) -> bool:
    """Whether something accepts a TCP connection there."""
    try:
        socket.create_connection((host, port), seconds).close()
    except OSError:
        return False
    return True


def http_answers(url: str, seconds: float = 2) -> int | None:
    """The HTTP status that a page answers with, or None where nothing answers."""
    try:
        with urllib.request.urlopen(url, timeout=seconds) as response:  # noqa: S310  # nosec B310 # our own address
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def wait_until(question, *, seconds: float, pause: float = 0.05) -> bool:
    """Ask until the answer is yes or the time is over."""
    end = time.monotonic() + seconds
    while not (yes := question()) and time.monotonic() < end:
        time.sleep(pause)
    return bool(yes)


def redis_answers(url: str, seconds: float = 2) -> str:
    """Empty where a Redis-protocol server answers PING, else what went wrong."""
    import redis

    try:
        client = redis.Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds)
        try:
            client.ping()
        finally:
            client.close()
    except (redis.RedisError, ValueError, OSError) as error:
        return str(error).strip() or type(error).__name__
    return ""


def database_answers(url: str, seconds: int = 3) -> str:
    """Empty where PostgreSQL lets us in, else its own words."""
    import psycopg2

    try:
        psycopg2.connect(dsn(url), connect_timeout=seconds).close()
    except (psycopg2.Error, ValueError) as error:
        return str(error).strip() or type(error).__name__
    return ""


def dsn(url: str) -> str:
    """A database URL in the spelling that libpq knows."""
    scheme, sep, rest = url.partition("://")
    known = {"postgres", "postgresql", "psql", "pgsql", "postgis"}
    if not sep or scheme not in known:
        raise ValueError(f"{scheme or url!r} is not a PostgreSQL address. It must start with postgres://")
    return f"postgresql://{rest}"


def shown(url: str) -> str:
    """An address that may be printed: the password is left out."""
    parts = urlsplit(url)
    user = f"{parts.username}@" if parts.username else ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{user}{parts.hostname or ''}{port}{parts.path}"
