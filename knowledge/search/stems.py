"""Words to stems: Snowball for German, with the one change that a verb and its noun share a stem."""

from functools import lru_cache

import snowballstemmer

_stemmer = snowballstemmer.stemmer("german")


@lru_cache(200_000)
def stem(word: str) -> str:
    """The stem of a folded word; Verlängerung and verlängern have the same. Never empty for a word."""
    if len(word) > 7 and word.endswith(("erung", "elung")):
        word = word[:-3] + "n"
    return str(_stemmer.stemWord(word)) or word
