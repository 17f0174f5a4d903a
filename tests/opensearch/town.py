"""What happens in a town hall, in a few words; through the same actions as people use."""

import subprocess
import sys
import time
from contextlib import contextmanager

from django.db import transaction

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


@contextmanager
def worker(variables):
    """`rufverbund worker` in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "config.cli", "worker"]
    process = subprocess.Popen(command, env=variables, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def eventually(condition, patience=30.0):
    """Wait for something that another process does; returns after how many seconds it was so."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < patience, "it did not happen"
        time.sleep(0.02)
    return time.monotonic() - begun
