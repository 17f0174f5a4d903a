"""`rufverbund manage bench_opensearch`: the part of `rufverbund bench search` that needs an OpenSearch."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from opensearchpy.exceptions import OpenSearchException

from accounts.models import Person
from knowledge.bench import opensearch
from knowledge.search.engine import Unfit
from knowledge.search.trouble import in_words
from tenants import scope
from tenants.models import Municipality


class Command(BaseCommand):
    """Measures; prints JSON."""

    help = "Misst OpenSearch in der eigenen, vorübergehenden Installation einer Messung."

    def handle(self, *args: Any, **options: Any) -> None:
        """Only where `bench_stage` has been, so that nothing is published in a real one."""
        with scope.front():
            if not settings.OPENSEARCH or not Municipality.objects.filter(centre__slug="messung").exists():
                raise CommandError("Das ist nicht die Installation einer Messung mit OpenSearch.")
            agent = Person.objects.filter(email__endswith="@rufverbund.invalid").earliest("pk")
        try:
            figures = opensearch.measure(agent.pk, self.stderr.write)
        except (OpenSearchException, Unfit) as error:
            raise CommandError(f"OpenSearch antwortet nicht, wie es soll: {in_words(error)}.") from error
        self.stdout.write(json.dumps(figures))
