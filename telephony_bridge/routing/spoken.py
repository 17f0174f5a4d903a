"""What a caller who waits is told, in German, with numbers in words as one says them: a voice may read digits in its own way.

Not through gettext: whoever adds a language adds its numerals, too.
"""

import math

UNITS = (
    "null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf",
    "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn",
)  # fmt: skip
TENS = ("", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig")
IRREGULAR = {1: "erster", 3: "dritter", 7: "siebter", 8: "achter"}
MOST_PLACES = 20  # a number beyond says no more than "many"
LONGEST = 600.0  # seconds; what is beyond cannot be foretold


def in_words(number: int) -> str:
    """0 to 99: "einundzwanzig"."""
    if not 0 <= number < 100:
        raise ValueError(f"{number} is not said by this")
    if number < 20:
        return UNITS[number]
    tens, unit = divmod(number, 10)
    joined = f"{'ein' if unit == 1 else UNITS[unit]}und" if unit else ""
    return joined + TENS[tens]


def in_order(number: int) -> str:
    """1 to 99 as in "an dritter Stelle"."""
    if number < 1:
        raise ValueError(f"nobody is at place {number}")
    return IRREGULAR.get(number) or in_words(number) + ("ter" if number < 20 else "ster")


def place(position: int) -> str:
    """Where in the queue a caller is (the first: 1)."""
    if position == 1:
        return "Sie sind als Nächstes an der Reihe."
    if position > MOST_PLACES:
        return f"In der Warteschlange sind zurzeit mehr als {in_words(MOST_PLACES)} Anrufe."
    return f"Sie sind an {in_order(position)} Stelle in der Warteschlange."


def wait(seconds: float | None) -> str:
    """How long it may take, from what four of five callers do not exceed (waiting.cautious_wait); nothing where that is not known."""
    if seconds is None:
        return ""
    if seconds <= 60:
        return "Die Wartezeit beträgt voraussichtlich weniger als eine Minute."
    if seconds > LONGEST:
        return f"Die Wartezeit kann mehr als {in_words(int(LONGEST // 60))} Minuten betragen."
    return f"Die Wartezeit beträgt voraussichtlich bis zu {in_words(math.ceil(seconds / 60))} Minuten."


def told(position: int, seconds: float | None) -> str:
    """The whole announcement; a place without a time where the time is not known."""
    return f"{place(position)} {wait(seconds)}".strip()
