"""The one table of shortcuts: it binds keys (keys.js), draws the help page and writes aria-keyshortcuts.

Keys are written as browsers name them, modifiers first: "F2", "Control+k". Ctrl+Alt is AltGr on German keyboards; single letters break
WCAG 2.1.4 and the browse mode of screen readers.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Key(NamedTuple):
    """An action, its standard key ("" for none) and what it does, in words."""

    action: str
    keys: str
    words: str | Promise


TABLE = (
    Key("search", "F2", _("Suche, markiert den Text")),
    Key("accept", "F8", _("Annehmen; in der Nachbearbeitung: abschließen")),
    Key(
        "transfer", "F9", _("Weitergeleitet an den ersten Kontakt; ohne erkannte Kommune: Kommune wählen, dann Ziffer")
    ),
    Key("wrap", "F4", _("Nachbearbeitung")),
    Key("longer", "", _("Länger brauchen")),
    Key("settings", "", _("Einstellungen: Ton, Ansage, Darstellung")),
    Key("palette", "Control+k", _("Alle Befehle mit Namen")),
    Key("help", "Control+,", _("Tasten und Hilfe")),
)

# Taken by the browser, by AltGr, by screen readers or by writing; the same expression runs in the browser and here.
REFUSED = "|".join(
    (
        r"^(Shift\+)?(.|Space|Tab|Enter|Escape|Backspace|Delete|Insert|Home|End|PageUp|PageDown|CapsLock|ScrollLock|NumLock|ContextMenu|Dead|Arrow\w+)$",
        r"^(Control\+|Alt\+|Shift\+)*F(1|3|5|6|7|10|11|12)$",
        r"^Control\+(Shift\+)?[acfhijlnoprstuvwxyz0-9+-]$",
        r"^Control\+(Shift\+)?(Tab|Enter|Escape|Backspace|Delete|Insert|Home|End|PageUp|PageDown|F4|Arrow\w+)$",
        r"^Alt\+([1-9defhst]|F4|Home|Tab|Enter|Escape|Space|Arrow\w+)$",
        r"Control\+Alt",
        r"Alt\+Shift",
        r"Meta",
        r"Unidentified",
    )
)


def refused(keys: str) -> bool:
    """Whether these keys cannot be a shortcut."""
    return re.search(REFUSED, keys) is not None


def allowed(own: Mapping[str, object]) -> dict[str, str]:
    """A person's own keys without unknown actions and refused keys; "" switches an action's key off."""
    known = {key.action for key in TABLE}
    return {
        action: keys
        for action, keys in own.items()
        if action in known and isinstance(keys, str) and not (keys and refused(keys))
    }


def for_page(own: Mapping[str, object]) -> dict[str, Any]:
    """What keys.js reads: {"table": [{"action", "keys", "words"}], "refused": expression, "own": {action: keys}}."""
    table = [{"action": key.action, "keys": key.keys, "words": str(key.words)} for key in TABLE]
    return {"table": table, "refused": REFUSED, "own": allowed(own)}
