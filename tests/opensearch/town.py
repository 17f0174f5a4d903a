"""What happens in a town hall, in a few words; through the same actions as people use."""

import itertools
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

from django.db import connections, transaction

from knowledge import actions
from knowledge.models import Article
from knowledge.search.finding import search
from tenants import scope
from tenants.audit import SYSTEM
from tenants.models import Municipality
from tests.server import ROOT


def place(slug):
    with scope.front():
        return Municipality.objects.get(slug=slug)


def publish(slug, title, **fields):
    """A new article, published; returns it."""
    with scope.municipality(place(slug).schema_name), transaction.atomic():
        article = actions.save_article(Article(title=title, **fields), acting_user=SYSTEM)
        actions.publish(article, acting_user=SYSTEM)
    return article


def change(slug, article, title):
    with scope.municipality(place(slug).schema_name), transaction.atomic():
        fresh = Article.objects.get(pk=article.pk)
        fresh.title = title
        actions.save_article(fresh, acting_user=SYSTEM)
        actions.publish(fresh, acting_user=SYSTEM)


def withdraw(slug, article):
    with scope.municipality(place(slug).schema_name), transaction.atomic():
        actions.withdraw(Article.objects.get(pk=article.pk), acting_user=SYSTEM)


def titles(query, backend="opensearch", **options):
    """What is found, by OpenSearch alone."""
    with scope.worker():
        return [hit.title for hit in search(query, backend=backend, **options).hits]


SKEWED = """import sys, time_machine
time_machine.travel("2001-01-01", tick=True).start()
from config.cli import main
main()"""


@contextmanager
def worker(variables, *, skewed=False):
    """`rufverbund worker` in a process of its own; a skewed one believes that it is 2001."""
    program = ["-c", SKEWED] if skewed else ["-m", "config.cli"]
    command = [sys.executable, "-W", "ignore", *program, "worker"]
    process = subprocess.Popen(command, env=variables, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def eventually(condition, patience=30.0):
    """Wait for something that another process does."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < patience, "it did not happen"
        time.sleep(0.02)


class Agents:
    """Two people who search without a break, as the desk does; `failed` is what went wrong, `took` how long each waited (seconds)."""

    QUERIES = ("quastenflosser", "quastenflos", "quastenfloser melden")  # a word, its beginning, a slip

    def __init__(self, person, title):
        self.person, self.title = person, title
        self.failed, self.took, self.engines = [], [], set()
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._work, args=(start,)) for start in range(2)]

    def _work(self, start):
        try:
            for turn in itertools.count(start):
                if self.over.wait(0.01):
                    return
                self._search(self.QUERIES[turn % len(self.QUERIES)])
        finally:
            connections["default"].close()

    def _search(self, query):
        try:
            begun = time.monotonic()
            with scope.desk(self.person), transaction.atomic():
                found = search(query, called="soest")
            self.took.append(time.monotonic() - begun)
            self.engines.add(found.backend)
            if self.title not in [hit.title for hit in found.hits[:3]]:
                self.failed.append((query, found.backend, [hit.title for hit in found.hits]))
        except Exception as error:  # noqa: BLE001  told to the test
            self.failed.append((query, repr(error)))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        eventually(lambda: len(self.took) + len(self.failed) > 20)
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(60)
        assert self.failed == [], (len(self.took), self.failed[:5])
        assert max(self.took) < 30, sorted(self.took)[-5:]  # nobody hangs
