"""The two roles: the owner migrates, `kap_app` is what the application connects as and owns nothing.

What `kap_app` may do is granted after every migrate (kap.core.grants); here the role itself comes into being.
"""

import os
import secrets
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import encrypt_password

from kap.ops.readiness import database_answers, dsn, shown

APP_ROLE = "kap_app"
OLDEST = 150000
_LOCK = 0x6B6170  # "kap": two starts at once create the role once


class RoleError(Exception):
    """The database cannot be used as it is. The text says what is wrong and what to do."""


def ensure_app_role(owner_url: str, *, var: Path | None = None, may_reset: bool = False) -> str:
    """Make sure that `kap_app` exists without any power, and return the URL that connects as it.

    Its password is generated once and kept in var/secrets/kap_app (readable by us alone). Where the role is
    there but we do not know its password, it is set anew only if `may_reset`: another installation on the same
    server may be using it.
    Raises RoleError.
    """
    path = _password_file(var)
    known = path.read_text().strip() if path.exists() else ""
    with _connect(owner_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        known = path.read_text().strip() if path.exists() else ""
        _ensure(cursor, connection, known=known, path=path, owner_url=owner_url, may_reset=may_reset)
        known = known or path.read_text().strip()
    url = with_login(owner_url, APP_ROLE, known)
    if problem := database_answers(url):
        raise RoleError(f"{APP_ROLE} cannot connect to {shown(url)}:\n  {problem}")
    return url


def check_pair(app_url: str, owner_url: str) -> None:
    """Both URLs were given: see that they fit together, creating `kap_app` with the given password if need be.

    Raises RoleError where the two are one role, the application's role has too much power, the role is not
    `kap_app`, or they point at different databases.
    """
    app, owner = urlsplit(app_url), urlsplit(owner_url)
    user = unquote(app.username or "")
    if user != APP_ROLE:
        raise RoleError(
            f"DATABASE_URL connects as {user or 'nobody'}. The application must connect as {APP_ROLE}, "
            "which owns nothing. Put the owner into DATABASE_OWNER_URL and either leave DATABASE_URL to "
            f"{APP_ROLE}, or set DATABASE_URL alone to the owner: {APP_ROLE} is then made for you."
        )
    if app.path != owner.path:
        raise RoleError(
            f"DATABASE_URL names the database {app.path[1:]!r} and DATABASE_OWNER_URL {owner.path[1:]!r}. "
            "Both must name the same one."
        )
    with _connect(owner_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        if _role(cursor) is None:
            _create(cursor, connection, unquote(app.password or "") or _complain_no_password(), owner_url)
        _refuse_power(cursor)
    if problem := database_answers(app_url):
        raise RoleError(
            f"DATABASE_URL ({shown(app_url)}) is refused:\n  {problem}\n"
            f"If the password is wrong, run as the owner: ALTER ROLE {APP_ROLE} PASSWORD '…';"
        )


def with_login(url: str, user: str, password: str) -> str:
    """The same server and database, with another user."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{place}"))


def check_owner(owner_url: str, *, name: str = "DATABASE_URL") -> None:
    """See that the owner can really migrate: reachable, new enough, may create tables and the extension.

    Raises RoleError.
    """
    with _connect(owner_url, name=name) as connection, connection.cursor() as cursor:
        if connection.server_version < OLDEST:
            version = connection.server_version // 10000
            raise RoleError(f"{name}: PostgreSQL {version} is too old. Version 15 or newer is needed.")
        cursor.execute(
            "SELECT current_user, current_database(), has_schema_privilege('public', 'CREATE'),"
            " has_database_privilege(current_database(), 'CREATE'),"
            " (SELECT count(*) FROM pg_available_extensions WHERE name = 'btree_gist'),"
            " (SELECT count(*) FROM pg_extension WHERE extname = 'btree_gist')"
        )
        user, database, may_create, may_extend, available, installed = cursor.fetchone()
    if user == APP_ROLE:
        raise RoleError(
            f"{name} connects as {APP_ROLE}, which owns nothing and cannot create tables. Set "
            f"DATABASE_OWNER_URL to the owner of {database}; DATABASE_URL may stay as it is."
        )
    if not may_create:
        raise RoleError(
            f"{name} connects as {user}, which may not create tables in {database}. Run as an administrator: "
            f"ALTER DATABASE {_ident(database)} OWNER TO {_ident(user)};"
        )
    if not available:
        raise RoleError(
            f"{name}: this PostgreSQL lacks the extension btree_gist. Install its contrib package "
            "(Debian: it is part of `postgresql`; elsewhere `postgresql-contrib`)."
        )
    if not installed and not may_extend:
        raise RoleError(
            f"{name} connects as {user}, which may not create the extension btree_gist. Run as an administrator, "
            f"in {database}: CREATE EXTENSION btree_gist;"
        )


# ---------------------------------------------------------------- inside


class _connect:
    """A connection in autocommit that is closed at the end. RoleError names the variable and the cause."""

    def __init__(self, url: str, *, name: str = "DATABASE_OWNER_URL") -> None:
        self.url, self.name = url, name

    def __enter__(self):
        try:
            self.connection = psycopg2.connect(dsn(self.url), connect_timeout=5)
        except (psycopg2.Error, ValueError) as error:
            raise RoleError(_why_no_connection(self.name, self.url, str(error).strip())) from error
        self.connection.autocommit = True
        return self.connection

    def __exit__(self, *_):
        self.connection.close()


def _why_no_connection(name: str, url: str, problem: str) -> str:
    advice = "Is the server running, and are host and port right?"
    if "password authentication failed" in problem or "no password supplied" in problem:
        advice = "The server is there, but user or password is wrong."
    elif "does not exist" in problem and "database" in problem:
        database = urlsplit(url).path[1:]
        advice = f"Create it first: CREATE DATABASE {_ident(database)};"
    elif "does not exist" in problem:
        advice = "The server is there, but it does not know that user."
    elif "could not translate host name" in problem:
        advice = "The host name is unknown: look for a slip of the pen."
    return f"{name} ({shown(url)}) does not work:\n  {problem}\n{advice}"


def _password_file(var: Path | None) -> Path:
    base = var or Path(os.environ.get("KAP_VAR_DIR") or Path(__file__).resolve().parents[2] / "var")
    return Path(base) / "secrets" / APP_ROLE


def _ensure(cursor, connection, *, known: str, path: Path, owner_url: str, may_reset: bool) -> None:
    role = _role(cursor)
    if role is None:
        password = known or secrets.token_urlsafe(32)
        _create(cursor, connection, password, owner_url)
        _keep(path, password)
        return
    _refuse_power(cursor)
    if known and not database_answers(with_login(owner_url, APP_ROLE, known)):
        return
    if not may_reset:
        raise RoleError(
            f"The role {APP_ROLE} is there already, and its password is not in {path}. Perhaps another "
            "installation uses it. Either give both addresses (DATABASE_OWNER_URL for the owner, DATABASE_URL "
            f"with {APP_ROLE} and its password), or, if nothing else uses the role, run as an administrator: "
            f"DROP ROLE {APP_ROLE}; (after REASSIGN/DROP OWNED BY where it was used)."
        )
    password = known or secrets.token_urlsafe(32)
    _run_role(cursor, connection, "ALTER ROLE {} LOGIN PASSWORD {}", password, owner_url)
    _keep(path, password)


def _role(cursor):
    cursor.execute(
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication FROM pg_roles WHERE rolname = %s",
        [APP_ROLE],
    )
    return cursor.fetchone()


def _refuse_power(cursor) -> None:
    """The promises of the database hold only against a role that cannot lift them."""
    if any(_role(cursor)):
        raise RoleError(
            f"The role {APP_ROLE} has powers that the application must not have. Run as an administrator: "
            f"ALTER ROLE {APP_ROLE} NOSUPERUSER NOCREATEROLE NOCREATEDB NOBYPASSRLS NOREPLICATION;"
        )
    cursor.execute(
        "SELECT string_agg(quote_ident(g.rolname), ', ') FROM pg_auth_members m"
        " JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = %s",
        [APP_ROLE],
    )
    if groups := cursor.fetchone()[0]:
        raise RoleError(
            f"The role {APP_ROLE} is a member of {groups} and so inherits rights that the application must not "
            f"have. Run as an administrator: REVOKE {groups} FROM {APP_ROLE};"
        )
    cursor.execute(
        "SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = %s",
        [APP_ROLE],
    )
    if cursor.fetchone()[0]:
        raise RoleError(
            f"The role {APP_ROLE} owns tables here; it must own nothing. Run as an administrator, in this "
            f"database: REASSIGN OWNED BY {APP_ROLE} TO the_owner;"
        )


def _create(cursor, connection, password: str, owner_url: str) -> None:
    _run_role(
        cursor, connection,
        "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION PASSWORD {}",
        password, owner_url,
    )  # fmt: skip


def _run_role(cursor, connection, statement: str, password: str, owner_url: str) -> None:
    # Only the verifier travels, so that no server log can hold the password.
    verifier = encrypt_password(password, APP_ROLE, connection, "scram-sha-256")
    try:
        cursor.execute(sql.SQL(statement).format(sql.Identifier(APP_ROLE), sql.Literal(verifier)))
    except psycopg2.errors.InsufficientPrivilege as error:
        user = unquote(urlsplit(owner_url).username or "")
        raise RoleError(
            f"{user} may not create the role that the application needs. Run as an administrator, once, either\n"
            f"  ALTER ROLE {_ident(user)} CREATEROLE;\n"
            f"or, with a password of your own,\n"
            f"  CREATE ROLE {APP_ROLE} LOGIN PASSWORD '…';\n"
            f"and then set DATABASE_OWNER_URL to what DATABASE_URL is now, and DATABASE_URL to {APP_ROLE}'s login."
        ) from error


def _keep(path: Path, password: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(password)


def _complain_no_password() -> str:
    raise RoleError(
        f"DATABASE_URL names {APP_ROLE} without a password, and the role does not exist yet. Add one."
    )


def _ident(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
