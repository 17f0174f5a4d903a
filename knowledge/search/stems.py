"""Words to stems: Snowball for German, with the one change that a verb and its noun share a stem."""

from functools import lru_cache
from threading import Lock

import Stemmer

_stemmer = Stemmer.Stemmer("german")
_one_at_a_time = Lock()  # the stemmer keeps the word that it is working on


@lru_cache(200_000)
def stem(word: str) -> str:
    """The stem of a folded word; Verlängerung and verlängern have the same. Never empty for a word."""
    if len(word) > 7 and word.endswith(("erung", "elung")):
        word = word[:-3] + "n"
    with _one_at_a_time:
        return str(_stemmer.stemWord(word)) or word
