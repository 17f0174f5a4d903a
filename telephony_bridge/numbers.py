"""Telephone numbers as exchanges, SIP headers and people write them: one normal form (E.164), one German way to show it.

Nothing here raises: what is no number is None, whatever it is. Numbers come as +49…, 0049…, 49…, 0…, without area code, with
spaces, "/", "-", "(0)", as sip: and tel: URIs, in angle brackets behind a name, and as "anonymous" in many spellings.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

import phonenumbers
from django.utils.translation import gettext as _
from phonenumbers import PhoneNumberFormat

_REGION, _COUNTRY = "DE", "49"
_LONGEST_TEXT = 200  # longer is no number
_LONGEST_NUMBER = 15  # digits of an E.164 number
_SHORTEST_LOCAL = 3  # one or two digits are an extension of an exchange that we do not know
_ANONYMOUS = {  # compared without spaces and capitals
    *(
        "anonymous",
        "anonymus",
        "anonym",
        "restricted",
        "private",
        "privat",
        "withheld",
        "unavailable",
        "unknown",
        "unbekannt",
    ),
    *(
        "blocked",
        "hidden",
        "suppressed",
        "clir",
        "unterdrückt",
        "unterdrueckt",
        "nonumber",
        "keinenummer",
        "keinerufnummer",
    ),
    *("notavailable", "unassigned"),
}
_SCHEME = re.compile(r"(sips?|tel|callto|phone):(//)?", re.IGNORECASE)
_CONTEXT = re.compile(r";phone-context=(\+[0-9.() -]+)", re.IGNORECASE)
_EXTENSION = re.compile(r"(?<=[0-9\s])(durchwahl|dw|nst|app|ext|x)\.?\s*(?=[0-9]+\s*$)", re.IGNORECASE)
_SERVICE_CODE = re.compile(r"^[*#][0-9]{2}[*#]")  # #31# before a number hides the caller's own
_SEPARATORS = re.compile(r"[\s/().\-\u2010-\u2015\u2212·_'~]+")
_NATIONWIDE = re.compile(r"110|112|115|116[0-9]{3}|118[0-9]{2,3}")  # never dialled with an area code


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it came, and what it means: `e164` ("+4929211030") or None; `anonymous` when it was withheld."""

    raw: str
    e164: str | None
    anonymous: bool = False

    def text(self, heads: Iterable[str] = ()) -> str:
        """For the screen and for the ear: "02921 103-0", "unterdrückt", "unbekannt"; else what came."""
        if self.e164 is not None:
            return display(self.e164, heads)
        return _("unterdrückt") if self.anonymous else self.raw or _("unbekannt")


def read(raw: object, *, area_code: str = "") -> Number:
    """What `raw` says; `area_code` ("02921") completes numbers that were dialled without one."""
    text = _as_text(raw)
    user = _user_part(text)
    if _is_anonymous(text, user):
        return Number(text, None, anonymous=True)
    return Number(text, _e164(user, text, area=_bare_area(area_code)))


def to_e164(raw: object, *, area_code: str = "") -> str | None:
    """`raw` as an E.164 number, None when it is none or was withheld. See `read`."""
    return read(raw, area_code=area_code).e164


def display(e164: str, heads: Iterable[str] = ()) -> str:
    """A number as Germans write it: "02921 103-0", "0171 3920047", abroad "+1 202-555-0143".

    `heads` are the known central numbers (E.164): what follows one is an extension and stands behind a hyphen.
    """
    try:
        number = phonenumbers.parse(e164, _REGION)
    except phonenumbers.NumberParseException:
        return e164
    if number.country_code != int(_COUNTRY):
        return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    head = max((known for known in heads if known and e164.startswith(known)), key=len, default="")
    return _with_hyphen(national, e164[len(head) :]) if head else national


def _with_hyphen(national: str, extension: str) -> str:
    """`national` with the hyphen before its last digits, `extension`, unless that would cut into the area code."""
    area, space, subscriber = national.partition(" ")
    if not space or not extension or len(extension) >= len(subscriber) or not subscriber.endswith(extension):
        return national
    return f"{area} {subscriber[: -len(extension)].rstrip(' -')}-{extension}"


def _as_text(raw: object) -> str:
    """`raw` as one line of at most 200 characters, with the digits of every script turned into ASCII ones."""
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        return ""
    if isinstance(raw, int):
        return str(raw) if 0 <= raw < 10**_LONGEST_NUMBER else ""
    shown = unicodedata.normalize("NFKC", raw[: _LONGEST_TEXT + 1])
    letters = (
        _ascii_digit(character) for character in shown if unicodedata.category(character) not in {"Cc", "Cf", "Cs"}
    )
    return "".join(letters).strip()


def _ascii_digit(character: str) -> str:
    return str(unicodedata.decimal(character)) if character.isdecimal() else character


def _user_part(text: str) -> str:
    """The number itself: out of angle brackets, without scheme, host, password, parameters, and only the first of a list."""
    inside = re.search(r"<([^>]*)>?", text)
    address = (inside[1] if inside else text).strip()
    scheme = _SCHEME.match(address)
    if scheme:
        address = address[scheme.end() :]
    user = re.split(r"[;?,]", address, maxsplit=1)[0].partition("@")[0]
    return unquote(user.partition(":")[0] if scheme else user, errors="replace").strip()


def _is_anonymous(text: str, user: str) -> bool:
    if "anonymous.invalid" in text.lower():
        return True
    word = re.sub(r"[^a-zäöüß0-9]", "", user.lower())
    return word in _ANONYMOUS or (len(word) > 1 and not word.strip("0"))


def _e164(user: str, text: str, *, area: str) -> str | None:
    written = _SEPARATORS.sub("", _EXTENSION.sub("", _SERVICE_CODE.sub("", user.replace("(0)", ""))))
    if len(text) > _LONGEST_TEXT or not re.fullmatch(r"\+?[0-9]+", written):
        return None
    context = _CONTEXT.search(text)
    if context and not written.startswith(("+", "00")):
        prefix = _SEPARATORS.sub("", context[1])
        return _checked(prefix + written.removeprefix("0"))
    return _checked(_international(written, area))


def _international(written: str, area: str) -> str:
    """`written` (digits, perhaps a +) with + and country; "" when it cannot be completed."""
    if written.startswith("+"):
        return written
    if written.startswith("00"):
        return "+" + written[2:]
    if written.startswith("0"):
        return f"+{_COUNTRY}{written[1:]}"
    if _NATIONWIDE.fullmatch(written):
        return f"+{_COUNTRY}{written}"
    # No subscriber's number is so long, and none begins with country and area: a plus was lost on the way.
    own = _COUNTRY + area
    if written.startswith(_COUNTRY) and (len(written) >= 9 or (area and written.startswith(own) and written != own)):
        return "+" + written
    return f"+{own}{written}" if area and len(written) >= _SHORTEST_LOCAL else ""


def _checked(number: str) -> str | None:
    """`number` as phonenumbers writes it: country exists, national 0 dropped, length in range."""
    try:
        found = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None
    e164 = phonenumbers.format_number(found, PhoneNumberFormat.E164)
    return e164 if len(e164) <= _LONGEST_NUMBER + 1 else None


def _bare_area(area_code: str) -> str:
    """ "02921", "2921" and "+49 2921" are all 2921."""
    digits = re.sub(r"[^0-9+]", "", area_code)
    for start in (f"+{_COUNTRY}", f"00{_COUNTRY}", "0"):
        if digits.startswith(start):
            return digits[len(start) :]
    return digits.replace("+", "")
