"""The folder of an exchange's files: written as a whole or not at all, what somebody edited kept beside, secrets readable by their owner alone.

`rufverbund.json` remembers the options and what each file was when it was written. Passwords are in `secrets/`, one file each; they are made
once, stay the same, and are never told.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from tenants.errors import Refusal

NOTE = "rufverbund.json"
OWN = ".eigene"  # the ending of what somebody else wrote
ENVIRONMENT = {  # each also with _FILE, the path of a file that has it
    "asterisk": "RUFVERBUND_ASTERISK_PASSWORD",  # of ARI and AMI, as `rufverbund bridge` has it
    "trunk": "RUFVERBUND_TRUNK_PASSWORD",
}


@dataclass(frozen=True, slots=True)
class Options:
    """What an administrator says, remembered for the next time. `state`: all of Asterisk's folders in one; empty: as Debian has them."""

    centre: str = ""
    trunk: str = ""
    trunk_port: int = 5060
    trunk_user: str = ""
    trunk_sources: tuple[str, ...] = ()
    sip: str = "0.0.0.0"  # noqa: S104  telephones and the provider come from outside
    sip_port: int = 5060
    external: str = ""
    http: int = 8088
    manager: int = 5038
    state: str = ""
    modules: str = ""
    data: str = ""


@dataclass
class Written:
    """What became of each file; `kept` are (file, where somebody's own version is now)."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)


class Folder:
    """One folder. Files that root writes belong to whom the folder belongs."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    @property
    def note(self) -> dict[str, Any]:
        """What is remembered; empty before the first time. Raises Refusal for one that cannot be read."""
        try:
            found: dict[str, Any] = json.loads((self.path / NOTE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise Refusal(_("%(file)s ist nicht lesbar.") % {"file": self.path / NOTE}) from error
        return found

    def options(self, **given: Any) -> Options:
        """Those of the last time, changed by what is given (not None)."""
        known = {name: value for name, value in self.note.get("options", {}).items() if name in Options.__slots__}
        merged = {**known, **{name: value for name, value in given.items() if value is not None}}
        return Options(**{**merged, "trunk_sources": tuple(merged.get("trunk_sources", ()))})

    @property
    def written_on(self) -> date | None:
        """From which day on special days and holidays are in the files."""
        day = self.note.get("written_on")
        return date.fromisoformat(day) if day else None

    def secret(self, name: str) -> str:
        """A password: of the environment, else of its file, which is made at the first time."""
        if given := _given(name):
            return given
        path = self.path / "secrets" / name
        if not path.is_file():
            if name == "trunk":  # only the provider knows it
                raise Refusal(
                    _("Legen Sie das Kennwort des Anschlusses in %(file)s ab oder setzen Sie %(variable)s.")
                    % {"file": path, "variable": ENVIRONMENT["trunk"]}
                )
            self._put(path, secrets.token_urlsafe(24))
        return path.read_text(encoding="utf-8").strip()

    def differing(self, files: Mapping[str, str]) -> list[str]:
        """The files that are not as they should be."""
        return sorted(name for name, text in files.items() if self._text(name) != text)

    def write(self, files: Mapping[str, str], options: Options, today: date) -> Written:
        """All files; each is put in place in one step, and what somebody has edited is kept beside it."""
        known: dict[str, str] = self.note.get("files", {})
        done = Written()
        for name, text in sorted(files.items()):
            there = self._text(name)
            if there == text:
                done.same.append(name)
                continue
            if there is not None and known.get(name) != _sum(there):
                done.kept.append((name, self._keep(name)))
            (done.new if there is None else done.changed).append(name)
            self._put(self.path / name, text)
        sums = {name: _sum(text) for name, text in files.items()}
        note = {"options": asdict(options), "written_on": today.isoformat(), "files": sums}
        self._put(self.path / NOTE, json.dumps(note, indent=1, ensure_ascii=False) + "\n")
        return done

    def put(self, name: str, data: bytes) -> None:
        """A file of ours that nobody edits."""
        self._put(self.path / name, data)

    def _text(self, name: str) -> str | None:
        try:
            return (self.path / name).read_text(encoding="utf-8", errors="surrogateescape")
        except FileNotFoundError:
            return None

    def _keep(self, name: str) -> str:
        for number in range(1, 1000):
            beside = self.path / f"{name}{OWN}{'' if number == 1 else number}"
            if not beside.exists():
                (self.path / name).rename(beside)
                return beside.name
        raise Refusal(_("Neben %(file)s liegen zu viele eigene Fassungen.") % {"file": name})

    def _put(self, path: Path, content: str | bytes) -> None:
        """In one step: Asterisk never reads half a file, and nobody else ever one with a password."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = path.with_name(f".{path.name}.new")
            fresh.unlink(missing_ok=True)
            fresh.touch(mode=0o600)
            fresh.write_bytes(content.encode() if isinstance(content, str) else content)
            if os.geteuid() == 0:
                owner = self.path.stat()
                for one in (fresh, path.parent):
                    os.chown(one, owner.st_uid, owner.st_gid)
            fresh.replace(path)
        except OSError as error:
            raise Refusal(
                _("%(file)s lässt sich nicht schreiben (%(reason)s).") % {"file": path, "reason": error.strerror}
            ) from error


def _given(name: str) -> str:
    """From the environment, or from the file that it names."""
    variable = ENVIRONMENT.get(name, "")
    if not variable:
        return ""
    if path := os.environ.get(f"{variable}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise Refusal(_("%(file)s ist nicht lesbar.") % {"file": path}) from error
    return os.environ.get(variable, "")


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
