"""Scopes choose the login; what is unclear is an error. (Attacks on the real logins: tests/isolation.)"""

import pytest
from django.db import ProgrammingError, connection, transaction

from knowledge.models import Article
from tenants import scope
from tenants.errors import TenancyError
from tenants.models import Municipality


def test_a_query_without_a_scope_is_an_error(db):
    with pytest.raises(TenancyError):
        Municipality.objects.count()


def test_a_municipality_sees_itself_only(soest):
    with scope.municipality(soest.schema_name), transaction.atomic():
        assert [m.slug for m in Municipality.objects.all()] == ["soest"]
        Article.objects.create(key="a", title="A")
        assert Article.objects.count() == 1


def test_another_municipality_does_not_see_the_article(soest, kreis):
    with scope.municipality(soest.schema_name), transaction.atomic():
        Article.objects.create(key="a", title="A")
    with scope.municipality(kreis.schema_name), transaction.atomic():
        assert not Article.objects.exists()
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {soest.schema_name}.knowledge_article")


@pytest.mark.parametrize("schema", ["public", "t_1; DROP", "pg_catalog", "", "t_"])
def test_only_schemas_of_ours_can_be_entered(schema):
    with pytest.raises(TenancyError):
        scope.of_municipality(schema)
