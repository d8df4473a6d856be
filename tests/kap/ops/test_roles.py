"""kap_app comes into being without power, and what does not fit is said with its remedy."""

import contextlib

import psycopg2
import pytest

from kap.ops import roles
from kap.ops.readiness import dsn
from kap.ops.roles import RoleError, check_owner, check_pair, ensure_app_role, with_login


@pytest.fixture
def run(postgres):
    connection = psycopg2.connect(dsn(postgres.url))
    connection.autocommit = True
    cursor = connection.cursor()

    def statement(sql):
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None

    yield statement
    for role in ("kap_app", "plain", "creator", "boss"):
        with contextlib.suppress(psycopg2.errors.UndefinedObject):
            cursor.execute(f"DROP OWNED BY {role}")
            cursor.execute(f"DROP ROLE {role}")
    connection.close()


def test_the_role_is_made_once_with_a_password_that_only_we_know(postgres, run, tmp_path):
    url = ensure_app_role(postgres.url, var=tmp_path)
    assert ensure_app_role(postgres.url, var=tmp_path) == url
    assert run(
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname='kap_app'"
    ) == [(False, False, False, False)]
    path = tmp_path / "secrets" / "kap_app"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() in url
    with psycopg2.connect(dsn(url)) as connection, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        connection.cursor().execute("CREATE TABLE mine ()")


def test_an_owner_without_superuser_rights_can_make_it(postgres, run, tmp_path):
    run("CREATE ROLE creator LOGIN CREATEROLE PASSWORD 'x'")
    ensure_app_role(with_login(postgres.url, "creator", "x"), var=tmp_path)
    assert run("SELECT count(*) FROM pg_roles WHERE rolname='kap_app'") == [(1,)]


def test_an_owner_who_may_not_make_roles_is_told_the_statement(postgres, run, tmp_path):
    run("CREATE ROLE plain LOGIN PASSWORD 'x'")
    with pytest.raises(RoleError) as refused:
        ensure_app_role(with_login(postgres.url, "plain", "x"), var=tmp_path)
    assert 'ALTER ROLE "plain" CREATEROLE;' in str(refused.value)
    assert "CREATE ROLE kap_app LOGIN PASSWORD" in str(refused.value)
    assert not (tmp_path / "secrets" / "kap_app").exists()


def test_the_password_of_another_installation_is_left_alone(postgres, run, tmp_path):
    other = ensure_app_role(postgres.url, var=tmp_path / "other")
    with pytest.raises(RoleError, match="another installation"):
        ensure_app_role(postgres.url, var=tmp_path / "ours")
    psycopg2.connect(dsn(other)).close()


def test_on_a_server_of_our_own_a_lost_password_is_set_anew(postgres, run, tmp_path):
    ensure_app_role(postgres.url, var=tmp_path / "lost")
    psycopg2.connect(dsn(ensure_app_role(postgres.url, var=tmp_path / "new", may_reset=True))).close()


@pytest.mark.parametrize(
    ("power", "remedy"),
    [
        ("ALTER ROLE kap_app SUPERUSER", "NOSUPERUSER"),
        ("ALTER ROLE kap_app BYPASSRLS", "NOBYPASSRLS"),
        ("CREATE ROLE boss; GRANT boss TO kap_app", "REVOKE boss FROM kap_app;"),
        ("CREATE TABLE taken (); ALTER TABLE taken OWNER TO kap_app", "owns tables"),
    ],
)
def test_a_role_with_power_is_refused(postgres, run, tmp_path, power, remedy):
    ensure_app_role(postgres.url, var=tmp_path)
    run(power)
    with pytest.raises(RoleError, match=remedy):
        ensure_app_role(postgres.url, var=tmp_path)


def test_a_given_pair_must_fit(postgres, run, tmp_path):
    app = ensure_app_role(postgres.url, var=tmp_path)
    check_pair(app, postgres.url)
    with pytest.raises(RoleError, match="must connect as kap_app"):
        check_pair(postgres.url, postgres.url)
    with pytest.raises(RoleError, match="Both must name the same one"):
        check_pair(app.removesuffix("/kap") + "/other", postgres.url)
    with pytest.raises(RoleError, match="ALTER ROLE kap_app PASSWORD"):
        check_pair(with_login(app, "kap_app", "wrong"), postgres.url)


def test_a_given_pair_makes_the_role_with_the_given_password(postgres, run):
    app = with_login(postgres.url, "kap_app", "chosen by a person / with signs")
    check_pair(app, postgres.url)
    psycopg2.connect(dsn(app)).close()


def test_the_application_cannot_be_its_own_owner(postgres, run, tmp_path):
    with pytest.raises(RoleError, match="Set DATABASE_OWNER_URL to the owner"):
        check_owner(ensure_app_role(postgres.url, var=tmp_path))


def test_an_owner_who_may_make_no_tables_is_told(postgres, run):
    run("CREATE ROLE plain LOGIN PASSWORD 'x'")
    with pytest.raises(RoleError, match='ALTER DATABASE "kap" OWNER TO "plain";'):
        check_owner(with_login(postgres.url, "plain", "x"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("/kap?", "/nowhere"), 'CREATE DATABASE "nowhere";'),
        (("kap_owner:", "kap_owner:wrong"), "user or password is wrong"),
        (("postgres://", "http://"), "must start with postgres://"),
    ],
)
def test_an_address_that_does_not_work_says_why(postgres, change, words):
    with pytest.raises(RoleError) as refused:
        check_owner((postgres.url + "?").replace(*change).rstrip("?"))
    assert words in str(refused.value)
    assert postgres.password not in str(refused.value)


def test_an_old_server_is_refused(postgres, monkeypatch):
    monkeypatch.setattr(roles, "OLDEST", 990000)
    with pytest.raises(RoleError, match="too old"):
        check_owner(postgres.url)
