"""`make check`: style, import order, templates, migrations, Django's own checks. All are run; one failure fails.

Migrations are compared against a throw-away server, so that the answer does not depend on anybody's data.
"""

import os
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path

from kap.ops import roles
from kap.ops.environment import ROOT
from kap.ops.services import Postgres, temporary_folder

BIN = Path(sys.executable).parent
MANAGE = [sys.executable, "manage.py"]
APPS = ["kap", "intake", "scheduling", "sessions", "integration"]
BANDIT = [str(BIN / "bandit"), "--quiet", "--configfile", "pyproject.toml", "-r", *APPS]
CHECKS = [
    ("Style (ruff)", [str(BIN / "ruff"), "check", "--quiet", "."]),
    ("Format (ruff)", [str(BIN / "ruff"), "format", "--check", "--quiet", "."]),
    ("Import order (import-linter)", [str(BIN / "lint-imports"), "--no-cache"]),
    ("Attacks on code (bandit)", BANDIT),
    ("Templates (djlint)", [str(BIN / "djlint"), "templates", "--lint", "--quiet"]),
    ("Templates compile", [sys.executable, "-m", "kap.ops.templates"]),
    ("Django's checks", [*MANAGE, "check", "--fail-level", "WARNING"]),
    ("Migrations are complete", [*MANAGE, "makemigrations", "--check", "--dry-run"]),
    ("Migrations run on an empty database", [*MANAGE, "migrate", "--no-input", "-v", "0"]),
]


def main() -> int:
    base = temporary_folder("kap-check-")
    server = Postgres(base / "pg", password=secrets.token_urlsafe(16), fast=True)
    failed = []
    try:
        owner = server.start()
        env = {
            **os.environ, "KAP_MODE": "test", "SECRET_KEY": secrets.token_urlsafe(48), "KAP_VAR_DIR": str(base / "var"),
            "FIELD_KEYS": f"t1:{secrets.token_urlsafe(32)}",
            "DATABASE_OWNER_URL": owner, "DATABASE_URL": roles.ensure_app_role(owner, var=base / "var"),
            "REDIS_URL": "redis://127.0.0.1:9/0", "KAP_AS_OWNER": "1", "DJANGO_SETTINGS_MODULE": "kap.settings",
        }  # fmt: skip
        for title, line in CHECKS:
            start = time.monotonic()
            done = subprocess.run(
                line, cwd=ROOT, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL
            )
            print(
                f"{'ok  ' if not done.returncode else 'FAIL'} {title}, {time.monotonic() - start:.1f} s",
                flush=True,
            )
            if done.returncode:
                failed.append(title)
                print((done.stdout + done.stderr).rstrip() + "\n", flush=True)
    finally:
        server.stop()
        shutil.rmtree(base, ignore_errors=True)
    if failed:
        print(
            "Failed: "
            + "; ".join(failed)
            + ".\n`ruff check --fix . && ruff format .` mends most of the style."
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
