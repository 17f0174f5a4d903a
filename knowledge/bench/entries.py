"""Invented entries in any number, so that the search can be measured: the demonstration's services and many more, reworded in each municipality.

Words are as frequent as in a language (few are common, most are rare), titles have the shapes of real services, and each municipality says the
same in other words, or asks it as a question: no entry is a copy of another. The same seed gives the same entries.
"""

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from knowledge import demo
from knowledge.search import lexicon
from knowledge.search.documents import Source

PER_MUNICIPALITY = 7000
WORDS = 70_000
SERVICES_SHARE, PEOPLE_SHARE = 0.2, 0.17  # the rest are questions about the services
SHAPES = (
    "{} beantragen", "{}: Anmeldung und {}", "Antrag auf {}", "{} und {}", "{} melden", "Genehmigung für {}", "{}, {} und {}", "Beratung zu {}",
)  # fmt: skip
QUESTIONS = ("Was kostet das: {}?", "Welche Unterlagen werden benötigt: {}?", "Wie lange dauert es: {}?", "Wo muss ich hin: {}?")  # fmt: skip
SENTENCE = "Für {} gilt {} mit {} und {}."


class Invention:
    """What all municipalities have in common: words, services, names."""

    def __init__(self, seed: int = 7, services: int = 1200) -> None:
        self.dice = random.Random(seed)  # noqa: S311  no secret
        corpus = [json.loads(line) for line in demo.CORPUS.read_bytes().splitlines()]
        articles = [entry for entry in corpus if entry["kind"] == "article"]
        self.offices = [entry for entry in corpus if entry["kind"] == "department"]
        names = [entry["title"].split() for entry in corpus if entry["kind"] == "person"]
        self.first, self.last = sorted({name[0] for name in names}), sorted({name[-1] for name in names})
        self.sentences = sorted(
            {sentence for entry in articles for sentence in re.split(r"(?<=[.!?])\s+", entry["body"])}
        )
        self.words = self._words()
        self.weights = list(accumulate(1 / (place + 20) for place in range(len(self.words))))
        self.services = [self._service(number) for number in range(services)] + self._known(articles)

    def _words(self) -> list[str]:
        nouns = [noun for noun in sorted(lexicon.listed("nouns")) if 3 < len(noun) < 10]
        self.dice.shuffle(nouns)
        pick = self.dice.choice
        return [
            (pick(nouns) + pick(("", "s", "n")) + pick(nouns) if self.dice.random() < 0.6 else pick(nouns)).capitalize()
            for _ in range(WORDS)
        ]

    def some(self, count: int) -> list[str]:
        """Words, common ones more often."""
        return self.dice.choices(self.words, cum_weights=self.weights, k=count)

    def text(self, sentences: int) -> str:
        """Sentences of the demonstration and others."""
        return " ".join(
            self.dice.choice(self.sentences) if self.dice.random() < 0.4 else SENTENCE.format(*self.some(4))
            for _ in range(sentences)
        )

    def _service(self, number: int) -> dict[str, Any]:
        title = self.dice.choice(SHAPES).format(*self.some(3))
        return {
            "group": f"x{number}",
            "titles": [title],
            "synonyms": self.some(self.dice.randint(0, 5)),
            "body": self.text(8),
        }

    @staticmethod
    def _known(articles: list[dict[str, Any]]) -> list[dict[str, Any]]:
        groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for entry in articles:
            groups[entry["group"] or entry["id"]].append(entry)
        return [
            {
                "group": group,
                "titles": [entry["title"] for entry in entries],
                "synonyms": entries[0]["synonyms"],
                "body": entries[0]["body"],
            }
            for group, entries in groups.items()
        ]

    def entries_of(self, count: int) -> Iterator[tuple[str, str, Source]]:
        """(key, group, what is searched) of one municipality: services in its own words, questions about them, offices, people."""
        services = self.dice.sample(self.services, min(len(self.services), max(1, int(count * SERVICES_SHARE))))
        made = 0
        for service in services:
            yield self._worded(service)
            made += 1
        for office in self.offices[: max(1, count // 100)]:
            yield f"office{made}", "", Source("department", office["title"], office["synonyms"], office["body"])
            made += 1
        for number in range(int(count * PEOPLE_SHARE)):
            yield self._person(number)
            made += 1
        for number in range(count - made):
            yield self._asked(number, services[number % len(services)])

    def _title(self, service: dict[str, Any]) -> str:
        title = str(self.dice.choice(service["titles"]))
        return title if self.dice.random() < 0.7 else f"{title} ({self.some(1)[0]})"

    def _worded(self, service: dict[str, Any]) -> tuple[str, str, Source]:
        body = f"{service['body']} {self.text(self.dice.randint(2, 10))}"
        words = service["synonyms"][: self.dice.randint(0, 6)]
        return service["group"], service["group"], Source("article", self._title(service), words, body)

    def _asked(self, number: int, service: dict[str, Any]) -> tuple[str, str, Source]:
        title = self.dice.choice(QUESTIONS).format(self._title(service))
        return f"q{number}", "", Source("article", title, (), self.text(self.dice.randint(1, 4)))

    def _person(self, number: int) -> tuple[str, str, Source]:
        office, extension = self.dice.choice(self.offices), str(self.dice.randint(1000, 9999))
        source = Source(
            kind="person",
            title=f"{self.dice.choice(self.first)} {self.dice.choice(self.last)}",
            body=f"{office['title']}, Durchwahl {extension}, Raum {self.dice.randint(1, 400)}",
            department=office["title"],
            function=self.dice.choice(self.services)["titles"][0],
            numbers=(extension,),
            also=office["synonyms"],
        )
        return f"p{number}", "", source
