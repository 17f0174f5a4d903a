"""The house stands as planned: floors, rooms, sizes, and every package from this checkout."""

import ast
import platform as standard_platform
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = {
    "tenants": 0,
    "accounts": 1,
    "knowledge": 2,
    "telephony_bridge": 2,
    "desk": 3,
    "billing": 3,
    "reporting": 3,
    "onboarding": 3,
    "config": 4,
}
UPSTAIRS = {"billing", "reporting"}  # named in the plan, not built yet
PACKAGES = sorted(FLOORS.keys() - UPSTAIRS)
LONGEST_FILE = 400
LONGEST_FUNCTION = 30


def folder(package: str) -> Path:
    """Where the plan puts a package: at the root or in the plain folder `platform`."""
    at_root = ROOT / package
    return at_root if at_root.is_dir() else ROOT / "platform" / package


def sources(package: str) -> Iterator[Path]:
    """The package's Python files without migrations, which Django writes."""
    return (path for path in sorted(folder(package).rglob("*.py")) if "migrations" not in path.parts)


def imported_rooms(path: Path) -> Iterator[tuple[int, str]]:
    """(line, package of ours) for each import statement of a file, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        yield from ((node.lineno, name.split(".")[0]) for name in names if name.split(".")[0] in FLOORS)


def upward(package: str, imported: str) -> bool:
    """Whether an import goes up, or across to another room of the same floor."""
    return imported != package and FLOORS[imported] >= FLOORS[package]


def test_upward_tells_stairs_from_neighbours() -> None:
    assert upward("tenants", "accounts")
    assert upward("desk", "onboarding")
    assert upward("knowledge", "telephony_bridge")
    assert not upward("desk", "knowledge")
    assert not upward("desk", "desk")


def test_every_package_is_found_by_this_check() -> None:
    on_disk = {p.parent.name for base in (ROOT, ROOT / "platform") for p in base.glob("*/__init__.py")}
    assert on_disk - {"tests"} == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_only_downstairs(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {imported}"
        for path in sources(package)
        for line, imported in imported_rooms(path)
        if upward(package, imported)
    ]
    assert wrong == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_comes_from_this_checkout(package: str) -> None:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).resolve().parent == folder(package)


def test_the_standard_library_keeps_its_platform() -> None:
    assert not (ROOT / "platform" / "__init__.py").exists()
    assert Path(standard_platform.__file__).parent == Path(sysconfig.get_path("stdlib"))
    command = [sys.executable, "-c", "import platform; print(platform.python_version())"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == standard_platform.python_version()


@pytest.mark.parametrize("package", PACKAGES)
def test_files_stay_small_enough_to_read(package: str) -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources(package)}
    assert {str(path): n for path, n in lengths.items() if n > LONGEST_FILE} == {}


def long_functions(path: Path) -> Iterator[str]:
    """Functions whose body, without the docstring, is longer than a screen third."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            if lines > LONGEST_FUNCTION:
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {lines} lines"


@pytest.mark.parametrize("package", PACKAGES)
def test_functions_stay_short(package: str) -> None:
    assert [line for path in sources(package) for line in long_functions(path)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_file_is_called_utils(package: str) -> None:
    assert list(folder(package).rglob("util*.py")) == []


def records(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function writes an audit row."""
    called = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return any(ast.unparse(target) in {"audit.record", "record"} for target in called)


@pytest.mark.parametrize("package", PACKAGES)
def test_writes_name_who_acts(package: str) -> None:
    """Every function of an `actions` module that writes an audit row takes `acting_user`, by keyword only where it is public."""
    silent = []
    for path in (p for p in sources(package) if p.stem.endswith("actions") or p.parent.name == "actions"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and records(node):
                given = node.args.kwonlyargs + (node.args.args if node.name.startswith("_") else [])
                if "acting_user" not in {argument.arg for argument in given}:
                    silent.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert silent == []


def tracked() -> list[Path]:
    """Every file that git keeps, binary ones left out."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    textual = {".py", ".md", ".toml", ".txt", ".html", ".js", ".css", ".sql", ".yml", ".yaml", ".json", ".sh", ""}
    return [ROOT / name for name in listed.split("\0") if name and Path(name).suffix in textual]


def test_no_committed_file_knows_a_machine() -> None:
    """Neither a path of somebody's machine nor the address of a package registry belongs into the repository."""
    homes = re.compile(r"/(?:root|home/\w+|Users/\w+|work/\w+)/|" + r"(?:pypi|npmjs)[.](?:org|com)")
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked()
        if path.is_file() and "vendor" not in path.parts
        for match in [homes.search(path.read_text(encoding="utf-8", errors="replace"))]
        if match
    ]
    assert found == []


def test_the_command_line_is_where_the_entry_point_says() -> None:
    assert callable(import_module("config.cli").main)
