"""Asterisk, SIPp and a voice from Debian's packages, unpacked into a cache: no root, no container, nothing installed.

`apt` itself fetches them from the machine's own mirror and checks their signatures, in a configuration of its own beside the machine's.
They come with the C library that they were built for, so that they run on other releases, too.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from tenants.errors import Refusal

SUITE = "forky"  # the first Debian with Asterisk 22, the long-term version
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
LIBRARY = re.compile(r"lib[a-z0-9.+-]*|zlib1g")  # of what `asterisk` names, not the ~120 that only rare modules need


@dataclass(frozen=True, slots=True)
class Bundle:
    """Packages that are unpacked together: those whose libraries are needed, those that only have files, and a program that they bring."""

    name: str
    programs: tuple[str, ...]
    files: tuple[str, ...]
    marker: str


ASTERISK = Bundle(SUITE, ("asterisk", "sip-tester"), ("asterisk-modules",), "usr/sbin/asterisk")
VOICE = Bundle(f"{SUITE}-voice", ("espeak-ng",), ("espeak-ng-data",), "usr/bin/espeak-ng")


def cache() -> Path:
    """Where they are kept: XDG_CACHE_HOME, outside every checkout and installation."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rufverbund" / "asterisk"


def unpacked(folder: Path | None = None, bundle: Bundle = ASTERISK) -> Path:
    """The folder that has the bundle's program; fetched (20 MB) and unpacked when it is not there. Safe for several processes.

    Raises Refusal, with a sentence, where that is impossible: another system than Debian, no network, a package that was altered.
    """
    place = folder or cache()
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        root = place / bundle.name
        if not (root / bundle.marker).exists():
            packages = place / f"{bundle.name}-packages"
            if not (packages / "sums").exists():
                _fetch(packages, bundle)
            _check(packages)
            _unpack(packages, root)
    return root


def command(root: Path, program: str, *arguments: str) -> list[str]:
    """How a program of the packages is started: with their own C library instead of the machine's."""
    libraries = next(root.glob("usr/lib/*-linux-gnu"))
    loader = next(libraries.glob("ld-linux*.so.*"))
    folders = ":".join(map(str, (libraries, libraries / "pulseaudio")))  # the voice links to it, and makes no use of it
    paths = ["--inhibit-cache", "--library-path", folders]
    return [str(loader), *paths, str(root / "usr" / program), *arguments]


def _fetch(packages: Path, bundle: Bundle) -> None:
    fresh = packages.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    with _own_apt(packages.with_suffix(".apt")) as environment:
        _run("apt-get", "-qq", "update", environment=environment)
        names = [*bundle.programs, *bundle.files, *_libraries(environment, bundle.programs)]
        _run("apt-get", "-qq", "download", *names, environment=environment, folder=fresh)
    sums = [f"{_sum(path)}  {path.name}\n" for path in sorted(fresh.glob("*.deb"))]
    (fresh / "sums").write_text("".join(sums), encoding="ascii")
    shutil.rmtree(packages, ignore_errors=True)
    fresh.rename(packages)


@contextmanager
def _own_apt(folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which `apt` knows one suite of the machine's mirror, and writes nothing outside of `folder`."""
    for name in ("lists/partial", "archives/partial", "etc/preferences.d", "none"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    source = f"deb [signed-by={KEYS}] {_mirror()} {SUITE} main\n"
    (folder / "etc/sources.list").write_text(source, encoding="utf-8")
    settings = {
        "Dir::Etc": folder / "etc",
        "Dir::Etc::Parts": folder / "none",
        "Dir::Etc::SourceParts": folder / "none",
        "Dir::Etc::SourceList": folder / "etc/sources.list",
        "Dir::State::Lists": folder / "lists",
        "Dir::State::Status": folder / "status",
        "Dir::Cache": folder,
        "APT::Sandbox::User": "root" if os.geteuid() == 0 else "",
        "Acquire::Languages": "none",
        "Acquire::Retries": 3,
        "Acquire::Check-Valid-Until": "false",  # a mirror that stands still will do: what counts are the signatures
        "Acquire::Check-Date": "false",
    }
    written = "".join(f'{name} "{value}";\n' for name, value in settings.items())
    (folder / "conf").write_text(written, encoding="utf-8")
    try:
        yield {**os.environ, "APT_CONFIG": str(folder / "conf"), "LC_ALL": "C"}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _mirror() -> str:
    """The machine's own mirror, which is the one that its administrator wants to be used."""
    told = _run("apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI)", "Created-By: Packages").splitlines()
    parts = [line.rpartition(" ") for line in told]
    usable = [address for origin, _space, address in parts if origin == "Debian" and "security" not in address]
    if not usable:
        raise Refusal(_("Asterisk lässt sich nicht holen: apt kennt keinen Spiegel von Debian."))
    return usable[0]


def _libraries(environment: Mapping[str, str], programs: tuple[str, ...]) -> list[str]:
    """What the programs link to, and what that links to."""
    shown = _run("apt-cache", "show", "--no-all-versions", *programs, environment=environment)
    named = re.findall(r"^Depends: (.*)$", shown, re.MULTILINE)
    first = {part.split()[0] for line in named for part in re.split(r"[,|] *", line)}
    without = [f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")]
    libraries = sorted(name for name in first if name.startswith("lib"))
    told = _run("apt-cache", "depends", "--recurse", *without, *libraries, environment=environment)
    return sorted({line for line in told.splitlines() if LIBRARY.fullmatch(line)})


def _check(packages: Path) -> None:
    """Whether they still are what `apt` has checked."""
    for line in (packages / "sums").read_text(encoding="ascii").splitlines():
        wanted, name = line.split("  ")
        if not (packages / name).is_file() or _sum(packages / name) != wanted:
            shutil.rmtree(packages)
            raise Refusal(
                _("Das Paket %(name)s im Zwischenspeicher ist verändert und wurde verworfen. Versuchen Sie es noch einmal.")
                % {"name": name}
            )  # fmt: skip


def _unpack(packages: Path, root: Path) -> None:
    fresh = root.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    for package in sorted(packages.glob("*.deb")):
        _run("dpkg-deb", "-x", str(package), str(fresh))
    shutil.rmtree(root, ignore_errors=True)
    fresh.rename(root)


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _run(*command: str, environment: Mapping[str, str] | None = None, folder: Path | None = None) -> str:
    """The output of a program of Debian's."""
    try:
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise Refusal(
            _("Asterisk lässt sich nur unter Debian holen: %(program)s fehlt.") % {"program": command[0]}
        ) from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [str(done.returncode)])[-1]
        raise Refusal(_("Asterisk lässt sich nicht holen: %(reason)s") % {"reason": reason})
    return done.stdout
