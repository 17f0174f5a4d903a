"""`rufverbund manage bench_entries fill N | measure`: what `rufverbund bench search` needs in its own temporary installation."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from accounts.models import Person
from knowledge.bench import engine, stock
from tenants import scope
from tenants.models import Municipality

PLAIN = """
CREATE TABLE public.bench_plain AS SELECT id, municipality_id, title,
    setweight(to_tsvector('german', title || ' ' || (SELECT coalesce(string_agg(s, ' '), '') FROM jsonb_array_elements_text(synonyms) s)), 'A')
    || setweight(to_tsvector('german', body), 'D') AS words FROM public.pool_searchentry;
CREATE INDEX ON public.bench_plain USING gin (words);
CREATE INDEX ON public.bench_plain USING gin (title public.gin_trgm_ops);
ANALYZE public.bench_plain;
GRANT SELECT ON public.bench_plain TO desk_web"""


class Command(BaseCommand):
    """Fills the pool, or measures the engines; prints JSON."""

    help = "Füllt die eigene, vorübergehende Installation einer Messung und misst darin."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do."""
        parser.add_argument("what", choices=["fill", "measure"])
        parser.add_argument("entries", type=int, nargs="?", default=105_000)

    def handle(self, *args: Any, **options: Any) -> None:
        """Only where `bench_stage` has been, so that nothing real gets invented entries."""
        with scope.front():
            if not Municipality.objects.filter(centre__slug="messung").exists():
                raise CommandError("Das ist nicht die Installation einer Messung.")
            agent = Person.objects.filter(email__endswith="@rufverbund.invalid").earliest("pk")
        if options["what"] == "fill":
            figures = stock.fill(options["entries"], self._progress)
            self._plain()
            self._tell(figures)
            return
        with scope.desk(agent.pk):
            self._tell(engine.measure(self._progress))

    def _plain(self) -> None:
        """The same entries for PostgreSQL's own means."""
        self._progress("Zum Vergleich: Volltext und Trigramme von PostgreSQL")
        with scope.owner(), connection.cursor() as cursor:
            cursor.execute(PLAIN)

    def _progress(self, line: str) -> None:
        self.stderr.write(line)

    def _tell(self, figures: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(figures))
