"""One spelling for all words, in entries and in queries: small letters, ä = ae, no accents, no gender signs; and how a name sounds."""

import re
import unicodedata

LONGEST_WORD = 60  # characters; what is longer is cut
_LETTERS = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ı": "i",
        "ſ": "s",
    }
)
_MARKS = re.compile("[\u0300-\u036f]")
_WORD = re.compile(r"[^\W_]+")
_SHORT_AND_MORE = re.compile(r"\b\w{1,3}-\w+")
# Mitarbeiter*innen, Mitarbeiter:innen, Mitarbeiter/-innen, Mitarbeiter(innen), MitarbeiterInnen, Mieter/in -> Mitarbeiter, Mieter
_GENDER = re.compile(r"(?<=[a-zäöüß])(?:[*:_/·]-?in(?:nen)?(?![\w])|\(-?in(?:nen)?\)|In(?:nen)?(?![\w]))")
_STREET = re.compile(r"(?<=[a-zäöüß])str\.", re.IGNORECASE)  # Bahnhofstr.
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s/()+.-]+(?=\d)")
_PHONES = {
    letter: code
    for letters, code in (
        ("aeijouy", "0"),
        ("bp", "1"),
        ("dt", "2"),
        ("fvw", "3"),
        ("gkq", "4"),
        ("x", "48"),
        ("l", "5"),
        ("mn", "6"),
        ("r", "7"),
        ("sz", "8"),
    )
    for letter in letters
}


def fold(text: str) -> str:
    """Small letters, umlauts written out, accents dropped. Idempotent; any text is allowed, lone surrogates and NUL are dropped."""
    text = text.encode("utf-8", "ignore").decode("utf-8").replace("\0", " ")
    text = unicodedata.normalize("NFKC", text).lower().translate(_LETTERS)
    return _MARKS.sub("", unicodedata.normalize("NFD", text)).translate(_LETTERS)


def neutral(text: str) -> str:
    """The text without gender signs and with streets written out; before folding, since capitals count."""
    return _STREET.sub("straße", _GENDER.sub("", text))


def words(text: str) -> list[str]:
    """The words of a text in order, folded, each of at most LONGEST_WORD characters."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(fold(neutral(text)))]


def joined(text: str) -> list[str]:
    """What is also written as one word: P-Schein -> pschein, E-Bike -> ebike."""
    return [found.replace("-", "").replace("_", "")[:LONGEST_WORD] for found in _SHORT_AND_MORE.findall(fold(text))]


def with_whole_numbers(text: str) -> str:
    """Numbers as one run of digits: 02921 103-4711 -> 029211034711."""
    return _BETWEEN_DIGITS.sub("", text)


def sound(word: str) -> str:
    """Kölner Phonetik (H. J. Postel, IBM-Nachrichten 19, 1969) of a folded word: digits, empty when it has no Latin letters."""
    letters = re.sub("[^a-z]", "", word.replace("ae", "e").replace("oe", "o").replace("ue", "u"))
    codes = [_phone(letters, at) for at in range(len(letters))]
    code = re.sub(r"(.)\1+", r"\1", "".join(codes))
    return (code[:1] + code[1:].replace("0", ""))[:LONGEST_WORD]


def _phone(letters: str, at: int) -> str:
    letter, before, after = (
        letters[at],
        letters[at - 1] if at else " ",
        letters[at + 1] if at + 1 < len(letters) else " ",
    )
    if letter == "c":
        hard = before not in "sz" and after in ("ahkloqrux" if at == 0 else "ahkoqux")
        letter = "k" if hard else "s"
    if letter == "p" and after == "h":
        return "3"
    if (letter in "dt" and after in "csz") or (letter == "x" and before in "ckq"):
        return "8"
    return _PHONES.get(letter, "")
