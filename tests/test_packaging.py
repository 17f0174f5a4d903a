"""What is installed: pinned requirements that hold everywhere, and a wheel that carries the whole product."""

import gettext
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = ["config", "accounts", "desk", "tenants", "knowledge", "telephony_bridge", "onboarding"]


def pinned(name: str) -> dict[str, str]:
    """Package -> version of a requirements file; each block must carry a hash and nothing else."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8").replace("\\\n", " ")
    found = {}
    for line in filter(lambda line: line and not line.startswith("#"), text.splitlines()):
        match = re.fullmatch(r"([a-z0-9-]+)==(\S+)( ; [^-]*?)?((?:\s+--hash=sha256:[0-9a-f]{64})+)\s*", line)
        assert match, line
        found[match[1]] = match[2]
    return found


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[~>=<;! ]", line, maxsplit=1)[0].lower() for line in requirements}


def test_every_requirement_is_pinned_with_hashes() -> None:
    base, dev = pinned("base.txt"), pinned("dev.txt")
    assert names(PROJECT["project"]["dependencies"]) <= base.keys()
    assert names(PROJECT["dependency-groups"]["dev"]) <= dev.keys()
    assert base.items() <= dev.items()  # what is tested is what is shipped


@pytest.mark.parametrize("name", ["base.txt", "dev.txt"])
def test_requirements_name_no_address_and_no_path(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert re.findall(r"https?:|file:|--index|--extra-index|--find-links|^/", text, re.MULTILINE) == []


def test_one_set_of_versions_serves_every_python() -> None:
    """A marker on Python's version would mean that some Python runs what the others do not."""
    assert "python_version" not in (ROOT / "requirements" / "base.txt").read_text(encoding="utf-8")
    assert PROJECT["project"]["requires-python"] == ">=3.11"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    code = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(folder)], cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_has_every_tracked_file_of_the_packages(wheel: zipfile.ZipFile) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    sources = {name.removeprefix("platform/") for name in listed.split("\0")}
    wanted = {name for name in sources if name.split("/")[0] in PACKAGES and (ROOT / name).exists()}
    assert wanted - set(wheel.namelist()) == set()
    assert {name.split("/")[0] for name in wheel.namelist()} == {*PACKAGES, "rufverbund-0.1.0.dist-info"}


def test_the_wheel_speaks_english(wheel: zipfile.ZipFile) -> None:
    """The compiled catalogue, which no commit has, is in it once and where the settings look for it."""
    assert [name for name in wheel.namelist() if name.endswith(".mo")] == ["config/locale/en/LC_MESSAGES/django.mo"]
    with wheel.open("config/locale/en/LC_MESSAGES/django.mo") as file:
        spoken = gettext.GNUTranslations(file)
    assert spoken.gettext("Zum Inhalt") == "To the content"
    assert [Path(path).relative_to(ROOT / "platform").parts for path in settings.LOCALE_PATHS] == [("config", "locale")]


def test_the_wheel_installs_beside_nothing_else_and_runs(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """Unpacked elsewhere, without the checkout on the path, the command line answers."""
    wheel.extractall(tmp_path)
    code = (
        "import sys; root = sys.argv.pop(1); checkout = sys.argv.pop(1);"
        "sys.path = [root] + [p for p in sys.path if p and not p.startswith(checkout) or '.venv' in p];"
        "import config, platform; assert config.__file__.startswith(root), config.__file__; platform.python_version();"
        "from config.cli import main; main()"
    )
    command = [sys.executable, "-c", code, str(tmp_path), str(ROOT), "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Befehle:" in done.stdout
