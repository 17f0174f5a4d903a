"""The keys by which German administrations name places, services and invoice recipients: parse, check, write canonically.

Each `parse_*` takes what a person typed or a file holds (spaces are forgiven), returns an immutable value whose `str()` is the
form to store, and raises ValueError with one German sentence that says what is wrong. Each `validate_*` is for model fields: it
accepts the stored form only, so that nothing but one spelling of a key reaches the database.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# The first two digits of AGS and ARS name the Land; the code is the one that `holidays` and ISO 3166-2:DE use.
LAENDER = {
    "01": "SH",
    "02": "HH",
    "03": "NI",
    "04": "HB",
    "05": "NW",
    "06": "HE",
    "07": "RP",
    "08": "BW",
    "09": "BY",
    "10": "SL",
    "11": "BE",
    "12": "BB",
    "13": "MV",
    "14": "SN",
    "15": "ST",
    "16": "TH",
}

_SPACES = re.compile(r"\s+")
_DIGITS = re.compile(r"[0-9]+")  # never \d or isdigit(): they accept digits of other scripts
_COARSE_LENGTHS = (2, 3, 5, 8, 9, 12)
_FINE = re.compile(r"[A-Z0-9]{1,30}")
_CHECK = re.compile(r"[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Ags:
    """Amtlicher Gemeindeschlüssel: Land (2 digits), Regierungsbezirk (1), Kreis (2), municipality (3)."""

    code: str

    def __str__(self) -> str:
        return self.code

    @property
    def land(self) -> str:
        """The two digits of the Land."""
        return self.code[:2]

    @property
    def state(self) -> str:
        """The Land as two letters, as `holidays` wants it: "NW"."""
        return LAENDER[self.land]

    @property
    def district(self) -> str:
        """The five digits of the Kreis or kreisfreie Stadt: "05974"."""
        return self.code[:5]

    @property
    def municipality(self) -> str:
        """The three digits of the municipality within its district."""
        return self.code[5:]

    @property
    def is_district(self) -> bool:
        """Whether it names a whole Kreis (or a kreisfreie Stadt, which is its own)."""
        return self.municipality == "000"


@dataclass(frozen=True, slots=True)
class Ars:
    """Amtlicher Regionalschlüssel: as the AGS, with the municipal association (4 digits) between Kreis and municipality."""

    code: str

    def __str__(self) -> str:
        return self.code

    @property
    def ags(self) -> Ags:
        """The AGS that this ARS contains."""
        return Ags(self.code[:5] + self.code[9:])

    @property
    def association(self) -> str:
        """The four digits of the municipal association (Gemeindeverband)."""
        return self.code[5:9]


@dataclass(frozen=True, slots=True)
class LeitwegId:
    """Address of an invoice recipient (BT-10 of an XRechnung): coarse part, optional fine part, check digits."""

    coarse: str
    fine: str
    check: str

    def __str__(self) -> str:
        return "-".join(part for part in (self.coarse, self.fine, self.check) if part)


@dataclass(frozen=True, slots=True)
class LeikaKey:
    """Key of a public service in the LeiKa catalogue; stored as 14 digits."""

    code: str

    def __str__(self) -> str:
        return self.code

    @property
    def grouped(self) -> str:
        """As people read it: "99 115 005 104 000"."""
        return " ".join((self.code[:2], self.code[2:5], self.code[5:8], self.code[8:11], self.code[11:]))


def parse_ags(text: str) -> Ags:
    """The AGS in `text` (8 digits, spaces allowed). Raises ValueError with a German sentence."""
    code = _digits(text, 8, _("Der AGS"))
    _check_land(code, _("Der AGS"))
    return Ags(code)


def parse_ars(text: str, *, ags: str = "") -> Ars:
    """The ARS in `text` (12 digits, spaces allowed); with `ags`, one that belongs to it. Raises ValueError with a German sentence."""
    code = _digits(text, 12, _("Der ARS"))
    _check_land(code, _("Der ARS"))
    found = Ars(code)
    if ags and found.ags != parse_ags(ags):
        raise ValueError(
            _("Der ARS gehört zum AGS %(found)s, angegeben ist der AGS %(given)s.")
            % {"found": found.ags, "given": parse_ags(ags)}
        )
    return found


def parse_leitweg_id(text: str) -> LeitwegId:
    """The Leitweg-ID in `text`; small letters are raised. Raises ValueError with a German sentence."""
    parts = _SPACES.sub("", text).upper().split("-")
    if len(parts) not in (2, 3):
        raise ValueError(
            _("Eine Leitweg-ID besteht aus zwei oder drei Teilen, getrennt durch Bindestriche: 04011000-1234512345-06.")
        )
    coarse, fine, check = parts[0], "-".join(parts[1:-1]), parts[-1]
    if not _DIGITS.fullmatch(coarse) or len(coarse) not in _COARSE_LENGTHS:
        raise ValueError(_("Der erste Teil einer Leitweg-ID hat 2, 3, 5, 8, 9 oder 12 Ziffern."))
    if len(parts) == 3 and not _FINE.fullmatch(fine):
        raise ValueError(_("Der mittlere Teil einer Leitweg-ID hat 1 bis 30 Zeichen aus A–Z und 0–9."))
    if not _CHECK.fullmatch(check):
        raise ValueError(_("Eine Leitweg-ID endet mit zwei Prüfziffern."))
    if check != leitweg_check(coarse, fine):
        raise ValueError(
            _(
                "Die Prüfziffern %(check)s passen nicht zu dieser Leitweg-ID; vermutlich ist ein Zeichen vertauscht oder falsch."
            )
            % {"check": check}
        )
    return LeitwegId(coarse, fine, check)


def leitweg_check(coarse: str, fine: str = "") -> str:
    """The two check digits of a Leitweg-ID: ISO 7064 MOD 97-10 over both parts, A=10 ... Z=35."""
    number = int("".join(str(int(character, 36)) for character in coarse + fine))
    return f"{98 - number * 100 % 97:02d}"


def parse_leika_key(text: str) -> LeikaKey:
    """The LeiKa key in `text` (14 digits, spaces allowed). Raises ValueError with a German sentence."""
    return LeikaKey(_digits(text, 14, _("Der LeiKa-Schlüssel")))


def validate_ags(value: str) -> None:
    """Model validator: the stored form of an AGS. Raises ValidationError, code "ags"."""
    _validate(value, parse_ags, "ags")


def validate_ars(value: str) -> None:
    """Model validator: the stored form of an ARS. Raises ValidationError, code "ars"."""
    _validate(value, parse_ars, "ars")


def validate_leitweg_id(value: str) -> None:
    """Model validator: the stored form of a Leitweg-ID. Raises ValidationError, code "leitweg_id"."""
    _validate(value, parse_leitweg_id, "leitweg_id")


def validate_leika_key(value: str) -> None:
    """Model validator: the stored form of a LeiKa key. Raises ValidationError, code "leika_key"."""
    _validate(value, parse_leika_key, "leika_key")


def _digits(text: str, length: int, name: str) -> str:
    """`text` without its spaces, when it is `length` digits; `name` begins the sentence of the ValueError."""
    code = _SPACES.sub("", text)
    values = {"name": name, "length": length, "found": len(code)}
    if not _DIGITS.fullmatch(code):
        raise ValueError(_("%(name)s besteht nur aus Ziffern, es sind %(length)s.") % values)
    if len(code) == length - 1:  # spreadsheets drop it
        raise ValueError(
            _("%(name)s hat %(length)s Ziffern, angegeben sind %(found)s; vielleicht fehlt die führende Null.") % values
        )
    if len(code) != length:
        raise ValueError(_("%(name)s hat %(length)s Ziffern, angegeben sind %(found)s.") % values)
    return code


def _check_land(code: str, name: str) -> None:
    if code[:2] not in LAENDER:
        raise ValueError(
            _("%(name)s beginnt mit dem Land, 01 bis 16; %(land)s gibt es nicht.") % {"name": name, "land": code[:2]}
        )


def _validate(value: str, parse: Callable[[str], object], code: str) -> None:
    try:
        stored = str(parse(value))
    except ValueError as error:
        raise ValidationError(str(error), code=code) from error
    if stored != value:
        raise ValidationError(_("Bitte in dieser Schreibweise: %(stored)s.") % {"stored": stored}, code=code)
