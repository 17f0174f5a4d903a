"""What people typed, made fit for a file of Asterisk: nothing of it can become a setting, a comment's end, a variable or an application.

Asterisk's files end a value at `;` and at the end of the line; the dialplan replaces `${…}` and `$[…]` and parts arguments at `,`. Names and
numbers are refused where they are anything else; texts that are only shown lose what is not plain.
"""

import re
import unicodedata

from django.utils.translation import gettext as _

from tenants.errors import Refusal

LONGEST = 80  # characters of a text
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_NUMBER = re.compile(r"\+?[0-9]{1,20}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_NETWORK = re.compile(r"[A-Za-z0-9.:-]{1,253}(/[0-9]{1,3})?")
_ACCOUNT = re.compile(r"[A-Za-z0-9+][A-Za-z0-9+._@-]{0,79}")
_PLACE = re.compile(r"/[\w./ +@~-]*")
_PLAIN = " .,-/&'+:"
KEPT = frozenset({"trunk", "common", "udp", "tcp", "global", "system", "fallback", "general"})  # names of sections


def text(typed: str) -> str:
    """To be shown on a telephone or read in a comment: letters, digits and plain punctuation; all else is a space. At most 80 characters."""
    letters = (sign if sign.isalnum() or sign in _PLAIN else " " for sign in unicodedata.normalize("NFC", typed))
    return " ".join("".join(letters).split())[:LONGEST].strip()


def is_name(typed: str) -> bool:
    """Whether a telephone can be called so: `PJSIP/` and this is that telephone, never a number or an address outside."""
    return bool(_NAME.fullmatch(typed)) and typed.lower() not in KEPT


def name(typed: str) -> str:
    """Of a telephone: the name of its sections. Raises Refusal."""
    if not is_name(typed):
        raise Refusal(
            _(
                "„%(name)s“ geht nicht als Kennung: Buchstaben von a bis z, Ziffern, Punkt, - und _, höchstens 40 Zeichen."
            )
            % {"name": text(typed)}
        )
    return typed


def number(typed: str) -> str:
    """Digits, perhaps behind a +. Raises Refusal."""
    if not _NUMBER.fullmatch(typed):
        raise Refusal(_("„%(number)s“ ist keine Rufnummer.") % {"number": text(typed)})
    return typed


def host(typed: str) -> str:
    """A name or an IPv4 address. Raises Refusal."""
    if not _HOST.fullmatch(typed):
        raise Refusal(_("„%(host)s“ ist weder ein Rechnername noch eine Adresse.") % {"host": text(typed)})
    return typed


def network(typed: str) -> str:
    """A name, an address, or addresses as 192.0.2.0/24. Raises Refusal."""
    if not _NETWORK.fullmatch(typed):
        raise Refusal(_("„%(network)s“ ist weder ein Rechnername noch ein Netz.") % {"network": text(typed)})
    return typed


def account(typed: str) -> str:
    """What a provider calls us. Raises Refusal."""
    if not _ACCOUNT.fullmatch(typed):
        raise Refusal(_("„%(account)s“ geht nicht als Benutzername des Anschlusses.") % {"account": text(typed)})
    return typed


def place(typed: str) -> str:
    """A path in the file system. Raises Refusal."""
    if not _PLACE.fullmatch(typed):
        raise Refusal(_("Der Pfad „%(path)s“ hat Zeichen, die Asterisk anders liest.") % {"path": text(typed)})
    return typed


def secret(given: str) -> str:
    """A password as it must stand in a file. Raises Refusal for one that no file can hold, without telling it."""
    if not given or given != given.strip() or not given.isprintable():
        raise Refusal(_("Ein Kennwort darf nicht leer sein, kein Zeilenende und am Rand keine Leerzeichen haben."))
    start = "> " if given.startswith(">") else ""  # `=>` is one sign, so a value's own > needs it before
    return start + given.replace(";", r"\;")
