"""The announcements of a centre's exchange in its folder: what municipalities have written, spoken; and what is heard where they have not.

A sound is named after what it says, so a text that changes is spoken anew, and the dialplan names the new one.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

from django.utils.translation import gettext as _

from telephony_bridge.asterisk import sounds, speech
from telephony_bridge.asterisk.configuration.folder import Folder
from tenants.errors import Refusal

Key = tuple[str, str]  # slug, "emergency" or "closed"
CLOSED = "closed"  # heard outside of hours where a municipality has written nothing


def name_of(key: Key, text: str) -> str:
    """The name of a sound, without its ending."""
    return f"{key[0]}-{key[1]}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def there(folder: Folder, texts: dict[Key, str]) -> dict[Key, str]:
    """The path, without its ending, of each sound that is in the folder."""
    paths = {key: folder.path / "sounds" / name_of(key, text) for key, text in texts.items()}
    return {key: str(path) for key, path in paths.items() if _has(path)}


def speak(folder: Folder, texts: dict[Key, str], say: Callable[[str], None]) -> None:
    """Have everything spoken that is not there yet. What cannot be is told to `say`, and callers hear the centre's closed text, or a tone."""
    named = {name_of(key, text): text for key, text in texts.items()}
    named[CLOSED] = _(
        "Guten Tag. Sie rufen außerhalb unserer Servicezeiten an. Bitte versuchen Sie es später noch einmal."
    )
    for name, text in named.items():
        try:
            if not _has(folder.path / "sounds" / name):
                folder.put(f"sounds/{name}.wav", speech.spoken(text))
        except Refusal as refusal:
            say(_("Die Ansage %(name)s fehlt: %(reason)s") % {"name": name, "reason": refusal})
    if not _has(folder.path / "sounds" / CLOSED):
        folder.put(f"sounds/{CLOSED}.alaw", sounds.samples(600, 1))
    if not (folder.path / "music").is_dir():  # an administrator puts the centre's own there
        folder.put("music/hold.alaw", sounds.chimes())


def _has(path: Path) -> bool:
    return any(path.with_name(f"{path.name}.{ending}").is_file() for ending in ("wav", "alaw"))
