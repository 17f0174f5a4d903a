"""Umlauts stand where people look for them."""

from django.db import transaction

from knowledge.models import Article
from tenants import scope
from tenants.sorting import German


def test_german_order(soest):
    titles = ["Zoo", "Ärzte", "Asyl", "abfall", "Straße", "Strasse 2", "Öl", "Ofen", "Şahin"]
    with scope.municipality(soest.schema_name), transaction.atomic():
        for number, title in enumerate(titles):
            Article.objects.create(key=f"k{number}", title=title)
        found = list(Article.objects.order_by(German("title"), "pk").values_list("title", flat=True))
    assert found == ["abfall", "Ärzte", "Asyl", "Ofen", "Öl", "Şahin", "Straße", "Strasse 2", "Zoo"]
