"""What the import-linter contract cannot see: paths in strings, and packages that nobody listed."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
TOP = ("kap", "scheduling", "intake", "sessions", "integration")

# Files whose whole point is to name what stands to their right, each with its reason.
TABLES = {
    "kap/ops/commands.py": "the command lines name the application that they start",
    "kap/core/health.py": "readiness asks each room for its own figure",
    "kap/settings.py": "Django's own list of apps and hooks",
    "kap/core/grants.py": "the one table of grants, read after every migrate",
    "kap/outbox/catalogue.py": "the one table of messages: who says whether a cause still stands",
    "kap/outbox/watch.py": "the one table of rules that run every minute",
    "kap/pathway/gates.py": "the one table of passage: evidence and follow-up by dotted path",
}
LABELS = {"dosing": "sessions"}  # the app label where it is not the package's own name


def order() -> list[set[str]]:
    """The layers from the ground up; packages in one set stand side by side."""
    layers = [set(re.findall(r"[\w.]+", layer)) for layer in CONTRACT["contracts"][0]["layers"]]
    return list(reversed(layers))


def height(module: str) -> int | None:
    """How high above the ground the app of this module stands; None where it is no app."""
    for level, packages in enumerate(order()):
        if any(module == package or module.startswith(package + ".") for package in packages):
            return level
    return None


def sources() -> Iterator[Path]:
    for top in TOP:
        yield from sorted((ROOT / top).rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def strings(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def named_module(text: str) -> str | None:
    """The module that a string names: "intake.evidence.cleared", "dosing.DosingSession"; else None."""
    if not re.fullmatch(r"[a-z_]+(\.\w+)+", text):
        return None
    parts = text.split(".")
    if len(parts) == 2 and parts[1][:1].isupper():  # a model by its label
        package = LABELS.get(parts[0], parts[0])
        return next((name for name in (package, f"kap.{package}") if height(name) is not None), None)
    for end in range(len(parts), 1, -1):
        place = ROOT.joinpath(*parts[:end])
        if place.with_suffix(".py").exists() or (place / "__init__.py").exists():
            return ".".join(parts[:end])
    return None


def test_no_string_names_a_module_to_the_right():
    wrong = []
    for path in sources():
        name = str(path.relative_to(ROOT))
        own = height(module_of(path))
        if name in TABLES or own is None:
            continue
        for line, text in strings(path):
            target = named_module(text)
            if target is not None and (height(target) or 0) > own:
                wrong.append(f"{name}:{line} names {text}")
    assert not wrong, "Only the tables may name what stands to their right:\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "module"),
    [
        ("kap.ops.up.main", "kap.ops.up"),
        ("kap.core", "kap.core"),
        ("core.Clinic", "kap.core"),
        ("dosing.DosingSession", "sessions"),
        ("scheduling.Appointment", "scheduling"),
        ("intake.no_such_file", None),
        ("auth.Group", None),
        ("A sentence. Of words.", None),
    ],
)
def test_the_search_knows_a_path_when_it_sees_one(text, module):
    assert named_module(text) == module


def test_the_tables_exist():
    assert [name for name in TABLES if not (ROOT / name).exists()] == []


def test_every_package_has_its_place_in_the_order():
    listed = set().union(*order())
    found = {module_of(path) for path in (ROOT / "kap").glob("*/__init__.py")}
    found |= {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "kap"}
    assert found - listed == set(), (
        "Put the package into the contract in pyproject.toml and into docs/architecture.md"
    )


def test_every_place_in_the_order_is_taken():
    gone = [name for name in set().union(*order()) if not _exists(name)]
    assert sorted(gone) == []


def _exists(name: str) -> bool:
    place = ROOT.joinpath(*name.split("."))
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


def test_the_linter_reads_every_top_level_package():
    assert set(CONTRACT["root_packages"]) == set(TOP)
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert found == {*TOP, "tests"}


def test_no_python_lies_outside_the_packages():
    allowed = {*TOP, "tests"}
    tops = {
        path.relative_to(ROOT).parts[0]
        for top in ROOT.iterdir()
        if _is_ours(top)
        for path in top.rglob("*.py")
    }
    assert tops - allowed == set()
    assert {path.name for path in ROOT.glob("*.py")} == {"manage.py"}


def _is_ours(folder: Path) -> bool:
    return folder.is_dir() and not folder.name.startswith(".") and folder.name not in ("node_modules", "var")


def test_modules_beside_the_apps_import_no_app():
    """kap.settings and kap.wsgi stand outside the contract, so nothing may come in through them."""
    for name in ("__init__", "settings", "wsgi"):
        path = ROOT / "kap" / f"{name}.py"
        for node in ast.walk(ast.parse(path.read_text())):
            modules = []
            if isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            elif isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            apps = [module for module in modules if height(module) is not None and module != "kap.celery"]
            assert apps == [], f"{path.name} imports {apps}"


def test_nobody_imports_settings_or_tests():
    """Settings are read through django.conf; the clinic never needs its tests."""
    wrong = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [module or ""]
            if any(name == "kap.settings" or name.partition(".")[0] == "tests" for name in names):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []
