"""What an Asterisk is to be, as values."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from tenants.hours import Hours


@dataclass(frozen=True, slots=True)
class Ports:
    """Where a laboratory listens, and where its telephones and the other end of its trunk are expected."""

    http: int = 18088
    sip: int = 15060
    manager: int = 15038
    phones: int = 26000
    trunk: int = 27000

    @classmethod
    def free(cls) -> "Ports":
        """Ports that nobody uses now, each for TCP and UDP."""
        held: list[socket.socket] = []
        numbers: list[int] = []
        while len(numbers) < 5:
            stream, datagrams = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
            held += [stream, datagrams]
            stream.bind(("127.0.0.1", 0))
            try:
                datagrams.bind(("127.0.0.1", stream.getsockname()[1]))
            except OSError:
                continue  # taken for datagrams
            numbers.append(stream.getsockname()[1])
        for one in held:
            one.close()
        return cls(*numbers)


@dataclass(frozen=True, slots=True)
class Station:
    """A telephone. It registers with its password, or is always at one address (`contact`, a SIP URI) and needs none."""

    user: str
    label: str
    extension: str = ""
    password: str = field(default="", repr=False)
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Trunk:
    """The way to the public network. With a `user` Asterisk registers there; `sources` are addresses that calls may come from.

    Without sources, calls come from `host` alone. `watched`: asked every minute whether it is there; one that is not gets no calls.
    """

    host: str
    port: int = 5060
    user: str = ""
    password: str = field(default="", repr=False)
    sources: tuple[str, ...] = ()
    watched: bool = True


@dataclass(frozen=True, slots=True)
class Numbers:
    """All numbers that begin with `prefix` (E.164) and have at most `longest` digits. `is_did`: of the centre, for one municipality alone."""

    prefix: str
    longest: int = 15
    is_did: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Who was called: a municipality, or the centre itself where that is unknown.

    `hours` None: always open. `emergency` is heard first, `closed` outside of hours; sounds as Asterisk names them, a path without its ending.
    """

    slug: str
    name: str
    numbers: tuple[Numbers, ...] = ()
    hours: Hours | None = None
    emergency: str = ""
    closed: str = ""


@dataclass(frozen=True, slots=True)
class Folders:
    """Where Asterisk has its things."""

    etc: Path
    modules: Path
    library: Path
    data: Path
    database: Path
    spool: Path
    run: Path
    log: Path
    music: Path
    sounds: Path

    @classmethod
    def of_debian(cls, etc: Path, modules: Path, own: Path) -> "Folders":
        """As Debian's package has them; music and announcements are ours, in `own`."""
        library, share = Path("/var/lib/asterisk"), Path("/usr/share/asterisk")
        variable = {name: Path(f"/var/{name}/asterisk") for name in ("spool", "run", "log")}
        return cls(etc, modules, library, share, library, music=own / "music", sounds=own / "sounds", **variable)

    @classmethod
    def within(cls, folder: Path, modules: Path, data: Path) -> "Folders":
        """All in one folder, of an ordinary user."""
        inside = {name: folder / name for name in ("spool", "run", "log", "music", "sounds")}
        return cls(folder / "etc", modules, folder, data, folder / "db", **inside)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Everything. `sip` is where it hears SIP, `external` its address as others see it, behind a router; its interfaces (`http` for ARI, `manager` for AMI) are on loopback alone.

    `today`: from then on special days and holidays are written, for 400 days.
    """

    centre: str
    folders: Folders
    trunk: Trunk
    default: Place
    ari_secret: str = field(repr=False)
    ami_secret: str = field(repr=False)
    today: date
    stations: Sequence[Station] = ()
    places: Sequence[Place] = ()
    sip: tuple[str, int] = ("0.0.0.0", 5060)  # noqa: S104  telephones and the provider come from outside
    external: str = ""
    http: int = 8088
    manager: int = 5038
    media: tuple[int, int] = (10000, 20000)
    lease: int = 15
