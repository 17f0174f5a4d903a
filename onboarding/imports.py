"""Import of entries into one municipality's drafts, and their export. The import is one transaction; a second one changes nothing.

Departments are written first, then contacts, then articles, so that what names another finds it; the file is read once to judge it and
once for each kind, so its size does not matter to memory. A contact's `dept` becomes a link when a department has that title.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from knowledge import actions, snapshots
from knowledge.models import Article, Contact, Department, Entry
from knowledge.validation import tidy_words
from onboarding.entry_lines import KINDS, BadLine, Line, Source, as_line, own_keys, read
from tenants import audit, scope
from tenants.audit import Actor
from tenants.errors import Refusal
from tenants.models import Municipality

Progress = Callable[[int, int], None]  # done, of how many


@dataclass(slots=True)
class Report:
    """What an import did, or, with `dry_run`, would have done: nothing, when one line is bad. `written` says whether anything was kept."""

    municipality: str
    lines: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    published: int = 0
    bad: list[BadLine] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)  # unknown keys and in how many lines
    dry_run: bool = False
    written: bool = False

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self) | {"ignored": dict(self.ignored)}


@dataclass(frozen=True, slots=True)
class Options:
    """How an import goes: publish each entry, only try, leave bad lines out."""

    publish: bool = False
    dry_run: bool = False
    skip_bad: bool = False


def import_entries(
    municipality: Municipality,
    source: Source,
    *,
    acting_user: Actor,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Report:
    """Read `source` into the municipality's drafts. Opens the municipality's scope by itself. Never raises for a bad line: see the report.

    Nothing is kept when a line is bad (unless `skip_bad`) or with `dry_run`. Raises Refusal for a file that cannot be read at all.
    """
    return _Import(
        municipality, source, acting_user, options or Options(), progress or (lambda done, total: None)
    ).run()


class _Import:
    """One import on its way."""

    def __init__(
        self, municipality: Municipality, source: Source, actor: Actor, options: Options, progress: Progress
    ) -> None:
        self.municipality, self.source, self.actor, self.options, self.progress = (
            municipality,
            source,
            actor,
            options,
            progress,
        )
        self.report = Report(municipality=municipality.slug, dry_run=options.dry_run)
        self.departments: dict[str, Department | None] = {}  # by title in small letters; None: several have it
        self.touched: set[str] = set()  # departments that were written
        self.left_out: set[int] = set()  # numbers of the lines that were refused
        self.done = self.good = 0  # lines

    def run(self) -> Report:
        report = self.report
        self._judge()
        with scope.municipality(self.municipality.schema_name), transaction.atomic():
            actions.wait_for_turn(acting_user=self.actor)
            self._write_departments()
            for kind in ("person", "article"):
                self._write_all(kind)
            report.bad.sort(key=lambda bad: bad.number)
            is_refused = bool(report.bad) and not self.options.skip_bad
            if is_refused:
                self._count_anew()
            report.written = not (is_refused or self.options.dry_run)
            if report.written:
                self._log()
            else:
                transaction.set_rollback(True)
        return report

    def _judge(self) -> None:
        for line in read(self.source, self.municipality.slug):
            self.report.lines += 1
            if isinstance(line, BadLine):
                self.report.bad.append(line)
            else:
                self.report.ignored.update(line.ignored)

    def _lines(self, kind: str) -> Iterator[Line]:
        every = read(self.source, self.municipality.slug)
        good = (line for line in every if isinstance(line, Line) and line.number not in self.left_out)
        return (line for line in good if line.kind == kind)

    def _write_departments(self) -> None:
        """Again without those that are refused once all are there: a line is kept as a whole or left out as a whole."""
        while True:
            self._count_anew()
            self.good = self.report.lines - len(self.report.bad)
            with transaction.atomic():
                self._write_all("department")
                refused = len(self.left_out)
                self._finish_departments()
                if len(self.left_out) == refused or not self.options.skip_bad:
                    return
                transaction.set_rollback(True)

    def _write_all(self, kind: str) -> None:
        for line in self._lines(kind):
            self._write(line)
            self.done += 1
            self.progress(self.done, self.good)

    def _write(self, line: Line) -> None:
        try:
            with transaction.atomic():
                self._count(*self._saved(line))
        except Refusal as error:
            self._leave_out(line, error)

    def _leave_out(self, line: Line, error: Refusal) -> None:
        self.report.bad.append(BadLine(line.number, str(error), line.key))
        self.left_out.add(line.number)

    def _saved(self, line: Line) -> tuple[str, bool]:
        model = snapshots.MODELS[line.kind]
        found = model.objects.select_for_update().filter(key=line.key).first()
        entry: Any = found or model(key=line.key)
        before = snapshots.snapshot(entry) if found else None
        contacts = self._fill(entry, line)
        after = snapshots.snapshot(entry) | (
            {} if contacts is None else {"contacts": [contact.key for contact in contacts]}
        )
        if before != after:
            self._save(entry, contacts)
            self.touched.add(entry.key)
        is_news = (
            self.options.publish and line.kind != "department" and actions.publish(entry, acting_user=self.actor).is_new
        )
        return ("created" if before is None else "unchanged" if before == after else "changed"), is_news

    def _fill(self, entry: Entry, line: Line) -> list[Contact] | None:
        """Set what the line says, leave what it does not mention; returns the contacts of an article that names some."""
        values = dict(line.values)
        contacts = self._contacts(values.pop("contacts")) if "contacts" in values else None
        values.pop("parent", None)  # set when all departments are there
        if isinstance(entry, Contact) and "dept" in values:
            entry.department = self.departments.get(values["dept"].strip().lower())
            values["dept"] = "" if entry.department else values["dept"].strip()
        if "synonyms" in values:
            values["synonyms"] = tidy_words(values["synonyms"])
        for name, value in values.items():
            setattr(entry, name, value)
        return contacts

    def _contacts(self, names: list[str]) -> list[Contact]:
        keys = list(dict.fromkeys(own_keys(names, self.municipality.slug)))
        found = {contact.key: contact for contact in Contact.objects.filter(key__in=keys)}
        if missing := [key for key in keys if key not in found]:
            raise Refusal(_("Den Kontakt „%(key)s“ gibt es nicht.") % {"key": missing[0][:80]})
        return [found[key] for key in keys]

    def _save(self, entry: Entry, contacts: list[Contact] | None) -> None:
        if isinstance(entry, Article):
            actions.save_article(entry, contacts=contacts, acting_user=self.actor)
        elif isinstance(entry, Contact):
            actions.save_contact(entry, acting_user=self.actor)
        elif isinstance(entry, Department):
            actions.save_department(entry, acting_user=self.actor)

    def _count(self, what: str, is_news: bool) -> None:  # noqa: FBT001
        setattr(self.report, what, getattr(self.report, what) + 1)
        self.report.published += is_news

    def _count_anew(self) -> None:
        """What was counted so far is not there."""
        self.report.created = self.report.changed = self.report.unchanged = self.report.published = self.done = 0
        self.touched.clear()

    def _finish_departments(self) -> None:
        """Link and publish when all are there: a department may name one further down in the file."""
        for line in self._lines("department"):
            try:
                with transaction.atomic():
                    self._finish_department(line)
            except Refusal as error:
                self._leave_out(line, error)
        self._know_departments()

    def _finish_department(self, line: Line) -> None:
        department = Department.objects.select_for_update().filter(key=line.key).first()
        if department is None:  # a bad line
            return
        if "parent" in line.values and self._moved(department, line.values["parent"]) and line.key not in self.touched:
            self.report.unchanged -= 1
            self.report.changed += 1
        if self.options.publish:
            self.report.published += actions.publish(department, acting_user=self.actor).is_new

    def _moved(self, department: Department, name: str) -> bool:
        above = own_keys([name], self.municipality.slug)[0]
        parent = Department.objects.filter(key=above).first() if above else None
        if parent is None and above:
            raise Refusal(_("Die übergeordnete Abteilung „%(key)s“ gibt es nicht.") % {"key": above[:80]})
        if department.parent == parent:
            return False
        department.parent = parent
        actions.save_department(department, acting_user=self.actor)
        return True

    def _know_departments(self) -> None:
        self.departments.clear()
        for department in Department.objects.all():
            title = department.title.lower()
            self.departments[title] = None if title in self.departments else department

    def _log(self) -> None:
        report = self.report
        name = self.source.name if isinstance(self.source, Path) else ""
        counts = {what: getattr(report, what) for what in ("lines", "created", "changed", "unchanged", "published")}
        subject = ("import", name, name or _("Einträge"))
        audit.record("import_entries", subject, acting_user=self.actor, municipality=self.municipality.pk,
                     after=counts | {"left_out": len(report.bad)})  # fmt: skip


def export_entries(municipality: Municipality) -> Iterator[str]:
    """The municipality's drafts as lines, in the form that the import reads. Opens the scope by itself, for as long as it is read."""
    with scope.municipality(municipality.schema_name), transaction.atomic():
        for kind in KINDS:
            for entry in snapshots.MODELS[kind].objects.order_by("key").iterator(chunk_size=500):
                saved = snapshots.snapshot(entry)
                if isinstance(entry, Contact):
                    saved["dept"] = entry.department_name
                yield as_line(municipality.slug, kind, entry.key, saved)
