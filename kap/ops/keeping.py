"""What a back-up of the database alone would miss: the seal of documents, the keys of encrypted columns, SECRET_KEY.

They go into a second file beside the dump, since whoever has both can read everything. The restore puts them
back where the servers of this checkout keep them; what it replaces is set aside, never thrown away.
"""

import base64
import hashlib
import json
import os
import time
from pathlib import Path

from kap.ops import environment
from kap.ops.bootstrap import Trouble

SECRETS = {"SECRET_KEY": "secret_key", "FIELD_KEYS": "field_keys"}  # nosec B105 # variable, file in var/secrets
WHAT = "Keys of a KAP clinic"


def collect(var: Path, dump: Path) -> dict:
    """What belongs to the dump. Call after `environment.prepare`, which reads the secrets."""
    seal = var / "seal"
    return {
        "what": WHAT,
        "dump_sha256": checksum(dump),
        "secrets": {name: os.environ[name] for name in SECRETS if os.environ.get(name)},
        "seal": {
            path.name: base64.b64encode(path.read_bytes()).decode()
            for path in sorted(seal.glob("*"))
            if path.suffix in (".key", ".crt")
        },
    }


def written(kept: dict) -> bytes:
    return json.dumps(kept, indent=1).encode() + b"\n"


def read(body: bytes, dump: Path) -> dict:
    """Raises Trouble where it is not such a file, or belongs to another dump."""
    try:
        kept = json.loads(body)
        if kept["what"] != WHAT:
            raise ValueError
    except (ValueError, KeyError, TypeError) as error:
        raise Trouble(
            f"The file of keys beside {dump} cannot be read. Was it encrypted? Then give THROUGH."
        ) from error
    if kept["dump_sha256"] != checksum(dump):
        raise Trouble(
            f"{dump} is not the file that was saved with these keys: it was changed, damaged or exchanged. Use "
            "another back-up."
        )
    return kept


class PutBack:
    """Seal and generated secrets into var/. Make it before `environment.prepare`, which makes what is missing anew.

    Secrets that this installation is given by its environment are compared, not changed: raises Trouble where a
    key of encrypted columns would be missing.
    """

    def __init__(self, kept: dict) -> None:
        self.kept = kept
        environment.read_dotenv()
        self.var = environment.var_dir()
        given = {name for name in SECRETS if os.environ.get(name)}
        if os.environ.get("KAP_MODE") == "production":
            given = set(SECRETS)
        if "FIELD_KEYS" in given:
            self._compare(os.environ.get("FIELD_KEYS", ""))
        self.wanted = {
            name: self.var / "secrets" / file
            for name, file in SECRETS.items()
            if name not in given and kept["secrets"].get(name)
        }
        self.were_there = {path for path in self.wanted.values() if path.exists()}

    def _compare(self, given: str) -> None:
        saved = _keys(self.kept["secrets"].get("FIELD_KEYS", ""))
        if missing := saved.items() - _keys(given).items():
            names = ", ".join(sorted(name for name, _key in missing))
            raise Trouble(
                f"FIELD_KEYS lacks the back-up's {names}: psychotherapy notes would not open. Take FIELD_KEYS from "
                "the file of keys beside the dump, set it, and start again."
            )

    def now(self) -> None:
        """Once it is sure that the restore goes on."""
        for name, path in self.wanted.items():
            if path not in self.were_there:
                path.unlink(missing_ok=True)  # made a moment ago, and nothing is under it
            _place(path, self.kept["secrets"][name].encode() + b"\n")
            os.environ[name] = self.kept["secrets"][name]
        for name, body in self.kept["seal"].items():
            _place(self.var / "seal" / Path(name).name, base64.b64decode(body))


def _keys(text: str) -> dict[str, str]:
    """Key id to key, as written."""
    pairs = (part.strip().partition(":") for part in text.replace("\n", ",").split(",") if part.strip())
    return {name: key.rstrip("=") for name, _colon, key in pairs}


def _place(path: Path, body: bytes) -> None:
    """For us alone to read. Another file of that name is set aside under the time."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists():
        if path.read_bytes().strip() == body.strip():
            return
        path.rename(path.with_name(f"{path.name}.before-{time.strftime('%Y%m%d-%H%M%S')}"))
    fresh = path.with_name(path.name + ".part")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)


def checksum(file: Path) -> str:
    with file.open("rb") as body:
        return hashlib.file_digest(body, "sha256").hexdigest()
