"""Static files: collected, compressed and named by their content once per version of the sources."""

import fcntl
import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def fingerprint() -> str:
    """What the sources are now: every file with its size and time, as hex digits."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            source = Path(storage.path(path))
            state = source.stat()
            digest.update(f"{path}:{state.st_size}:{state.st_mtime_ns};".encode())
    return digest.hexdigest()


def collect() -> bool:
    """Collect into STATIC_ROOT when the sources are not those of last time; true when that was so. Safe for several processes."""
    root = Path(settings.STATIC_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".collected").open("a+", encoding="ascii") as note:
        fcntl.flock(note, fcntl.LOCK_EX)
        note.seek(0)
        wanted = fingerprint()
        if note.read() == wanted:
            return False
        call_command("collectstatic", interactive=False, verbosity=0)
        note.seek(0)
        note.truncate()
        note.write(wanted)
    return True
