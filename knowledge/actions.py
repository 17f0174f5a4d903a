"""Writes about a municipality's knowledge, in its scope: drafts, publishing, withdrawing. Each is one transaction with an audit row.

Every action locks the entry's row, so versions are numbered without gaps and two people cannot publish at once; who publishes waits for
their turn before that (`wait_for_turn`), so that nobody locks up with an import that publishes many. What is published goes to the pool through a database trigger in the same transaction (knowledge/pool/sql/rights.sql).
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar, cast

from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from knowledge import snapshots
from knowledge.models import Article, Contact, Department, Entry, Publication, Responsibility, Version
from knowledge.queries import own_municipality_id
from knowledge.validation import tidy_words
from tenants import audit
from tenants.audit import Actor
from tenants.errors import Refusal

E = TypeVar("E", bound=Entry)
DEEPEST = 12  # levels of departments
# Readers are not held up. One message: the time limit is for this lock alone.
TURN = "SET LOCAL lock_timeout = '5s'; LOCK TABLE knowledge_publication IN SHARE ROW EXCLUSIVE MODE; SET LOCAL lock_timeout TO DEFAULT"


def save_article(article: Article, *, acting_user: Actor, contacts: Sequence[Contact] | None = None) -> Article:
    """Save a draft. `contacts` are the responsible ones in order; None leaves them as they are. Raises Refusal."""
    with transaction.atomic():
        return _save(article, acting_user, contacts)


def save_contact(contact: Contact, *, acting_user: Actor) -> Contact:
    """Save the draft of a person or function. Raises Refusal."""
    with transaction.atomic():
        return _save(contact, acting_user)


def save_department(department: Department, *, acting_user: Actor) -> Department:
    """Save the draft of a department. Raises Refusal, also for a department that would stand below itself."""
    with transaction.atomic():
        _refuse_cycle(department)
        return _save(department, acting_user)


def publish(entry: Entry, *, acting_user: Actor, note: str = "") -> Version:
    """Let the pool read the saved draft, at once. Returns the version; its `is_new` is False when nothing differed from what is published."""
    with transaction.atomic():
        wait_for_turn(acting_user=acting_user)
        fresh = _locked(entry)
        now, last, shown = snapshots.snapshot(fresh), snapshots.last_version(fresh), snapshots.published(fresh)
        if shown and last and not snapshots.changed_fields(last.snapshot, now):
            _mark(entry, fresh, has_changes=False)
            return last
        changed = snapshots.changed_fields(last.snapshot if last else {}, now)
        version = _add_version(fresh, last, acting_user, snapshot=now, changed=changed, note=note[:200])
        _put(fresh, shown or Publication(kind=fresh.KIND, key=fresh.key), version)
        _mark(entry, fresh, has_changes=False)
        _record(
            "publish", fresh, acting_user, after={"version": version.number, "changed": changed, "note": version.note}
        )
    version.is_new = True
    return version


def withdraw(entry: Entry, *, acting_user: Actor, note: str = "") -> Version:
    """Take the entry from the pool, at once; the draft stays. Raises Refusal when it is not published."""
    with transaction.atomic():
        wait_for_turn(acting_user=acting_user)
        fresh = _locked(entry)
        shown = _published_or_refuse(fresh)
        last = snapshots.last_version(fresh)
        version = _add_version(
            fresh, last, acting_user, op=Version.OPS.withdraw, snapshot=last.snapshot if last else {}, note=note[:200]
        )
        shown.delete()
        _mark(entry, fresh, has_changes=True)
        _record(
            "withdraw",
            fresh,
            acting_user,
            before={"version": shown.version},
            after={"version": None, "note": version.note},
        )
    return version


def discard_changes(entry: E, *, acting_user: Actor) -> E:
    """Set the draft back to what is published. Raises Refusal when nothing is."""
    with transaction.atomic():
        fresh = _locked(entry)
        _published_or_refuse(fresh)
        return _restore(fresh, _version_or_refuse(fresh).snapshot, acting_user, "discard_changes")


def restore_version(version: Version, *, acting_user: Actor) -> Entry:
    """Make a version's content the draft; nothing is published by that. Raises Refusal when the entry was deleted."""
    with transaction.atomic():
        entry = snapshots.MODELS[version.kind].objects.select_for_update().filter(key=version.key).first()
        if entry is None:
            raise Refusal(_("Den Eintrag zu dieser Fassung gibt es nicht mehr. Legen Sie ihn neu an."))
        return _restore(entry, version.snapshot, acting_user, "restore_version")


def confirm_review(article: Article, *, acting_user: Actor) -> date:
    """Everything in it still holds: the next review is a year from today. Nothing is published, the draft stays as it is. Returns the day."""
    with transaction.atomic():
        fresh = _locked(article)
        before, fresh.review_at = fresh.review_at, a_year_from(timezone.localdate())
        fresh.save(update_fields=["review_at"])  # `updated_at` stays the time of the last edit
        _record(
            "confirm_review", fresh, acting_user, before={"review_at": before}, after={"review_at": fresh.review_at}
        )
    article.review_at = fresh.review_at
    return fresh.review_at


def a_year_from(day: date) -> date:
    """The same day next year; 28 February for the 29th."""
    return day.replace(year=day.year + 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def delete_entry(entry: Entry, *, acting_user: Actor) -> None:
    """Delete a draft that is not published; its versions stay. Raises Refusal when it is published."""
    with transaction.atomic():
        fresh = _locked(entry)
        if snapshots.published(fresh):
            raise Refusal(
                _("„%(title)s“ ist veröffentlicht. Ziehen Sie den Eintrag zurück, dann kann er gelöscht werden.")
                % {"title": fresh.title}
            )
        _record("delete_entry", fresh, acting_user, before=snapshots.snapshot(fresh))
        fresh.delete()


def wait_for_turn(*, acting_user: Actor) -> None:
    """Publish and import one after the other within a municipality; taken before any entry is locked, kept until the transaction ends.

    Raises Refusal when another one, an import say, takes longer than five seconds.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(TURN)
    except OperationalError as error:
        raise Refusal(
            _("Gerade werden andere Einträge eingelesen oder veröffentlicht. Versuchen Sie es gleich noch einmal.")
        ) from error


def _save(entry: E, acting_user: Actor, contacts: Sequence[Contact] | None = None, action: str = "") -> E:
    fresh = _locked(entry) if entry.pk else None
    before = snapshots.snapshot(fresh) if fresh else None
    entry.synonyms = tidy_words(entry.synonyms)
    entry.key = entry.key or _free_key(entry)
    _validate(entry, fresh)
    after = snapshots.snapshot(entry)
    if contacts is not None:
        after["contacts"] = list(dict.fromkeys(contact.key for contact in contacts))
    if before == after:
        return entry
    entry.updated_by, entry.updated_by_name = acting_user.pk, str(acting_user.name)[:120]
    entry.has_changes = (
        fresh is None
        or not snapshots.published(entry)
        or bool(snapshots.changed_fields(_version_or_refuse(entry).snapshot, after))
    )
    _store(entry)
    if contacts is not None:
        _set_contacts(entry, contacts)
    _record(action or f"save_{entry._meta.model_name}", entry, acting_user, before=before, after=after)
    return entry


def _restore(entry: E, saved: dict[str, Any], acting_user: Actor, action: str) -> E:
    return _save(entry, acting_user, snapshots.restore(entry, saved), action)


def _locked(entry: E) -> E:
    """The entry as it is stored, locked until the end of the transaction. Raises Refusal when it is gone."""
    fresh = snapshots.MODELS[entry.KIND].objects.select_for_update().filter(pk=entry.pk).first()
    if fresh is None:
        raise Refusal(_("„%(title)s“ wurde inzwischen gelöscht.") % {"title": entry.title})
    return cast(E, fresh)


def _published_or_refuse(entry: Entry) -> Publication:
    shown = snapshots.published(entry)
    if shown is None:
        raise Refusal(_("„%(title)s“ ist nicht veröffentlicht.") % {"title": entry.title})
    return shown


def _version_or_refuse(entry: Entry) -> Version:
    version = snapshots.last_version(entry)
    if version is None:
        raise Refusal(_("„%(title)s“ wurde noch nie veröffentlicht.") % {"title": entry.title})
    return version


def _validate(entry: Entry, fresh: Entry | None) -> None:
    if fresh and fresh.key != entry.key:
        raise Refusal(
            _("Die Kennung „%(key)s“ bleibt, wie sie ist: Verweise und Importe hängen an ihr.") % {"key": fresh.key}
        )
    try:
        entry.full_clean(validate_unique=False)
    except ValidationError as error:
        lines = [
            f"{snapshots.label(entry.KIND, name)}: {' '.join(texts)}" for name, texts in error.message_dict.items()
        ]
        raise Refusal(" ".join(lines)) from error
    if fresh is None and _is_taken(entry.key):
        raise Refusal(_("Die Kennung „%(key)s“ gibt es schon.") % {"key": entry.key})


def _is_taken(key: str) -> bool:
    """One key names one entry, whatever its kind: `slug:key` is its address."""
    first, *more = (model.objects.order_by().filter(key=key).values_list("key") for model in snapshots.MODELS.values())
    return bool(list(first.union(*more, all=True)[:1]))


def _store(entry: Entry) -> None:
    try:
        with transaction.atomic():
            entry.save()
    except IntegrityError as error:  # somebody else took the key at the same moment
        raise Refusal(_("Die Kennung „%(key)s“ gibt es schon.") % {"key": entry.key}) from error


def _free_key(entry: Entry) -> str:
    """A key made from the title, with a number when it is taken."""
    umlauts = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
    start = slugify(entry.title.translate(umlauts)).strip("-_")[:60] or entry.KIND
    taken = {
        key
        for model in snapshots.MODELS.values()
        for key in model.objects.filter(key__startswith=start).values_list("key", flat=True)
    }
    number = 1
    while (key := start if number == 1 else f"{start}-{number}") in taken:
        number += 1
    return key


def _set_contacts(article: Entry, contacts: Sequence[Contact]) -> None:
    keys = list(dict.fromkeys(contact.pk for contact in contacts))
    Responsibility.objects.filter(article=article.pk).delete()
    Responsibility.objects.bulk_create(
        Responsibility(article_id=article.pk, contact_id=pk, position=place) for place, pk in enumerate(keys)
    )


def _refuse_cycle(department: Department) -> None:
    above, steps = department.parent, 0
    while above is not None:
        if above.pk == department.pk and department.pk is not None:
            raise Refusal(
                _("„%(title)s“ kann nicht unter sich selbst stehen. Wählen Sie eine andere übergeordnete Abteilung.")
                % {
                    "title": department.title,
                }
            )
        above, steps = Department.objects.select_for_update().filter(pk=above.parent_id or 0).first(), steps + 1
        if steps > DEEPEST:
            raise Refusal(_("Abteilungen stehen höchstens %(most)d Ebenen tief.") % {"most": DEEPEST})


def _add_version(entry: Entry, last: Version | None, acting_user: Actor, **fields: Any) -> Version:
    number = last.number + 1 if last else 1
    who = {"person_id": acting_user.pk, "person_name": str(acting_user.name)[:120]}
    return Version.objects.create(kind=entry.KIND, key=entry.key, number=number, **who, **fields)


def _put(entry: Entry, shown: Publication, version: Version) -> None:
    values = snapshots.publication_fields(entry, version.snapshot) | {
        "version": version.number,
        "published_at": timezone.now(),
    }
    before = (shown.title, shown.synonyms)
    for name, value in values.items():
        setattr(shown, name, value)
    shown.analyse()
    shown.save()
    if isinstance(entry, Department) and before != (shown.title, shown.synonyms):
        _tell_contacts(shown)


def _tell_contacts(department: Publication) -> None:
    """Published contacts show their department's published name and are found by its search words; their own drafts are not touched."""
    for shown in Publication.objects.filter(kind=Contact.KIND, payload__department=department.key):
        shown.payload["dept"] = department.title
        shown.subtitle = snapshots.contact_line(shown.payload.get("function", ""), department.title)[:300]
        shown.analyse()
        shown.save(update_fields=["payload", "subtitle", *Publication.ANALYSED])


def _mark(entry: Entry, fresh: Entry, *, has_changes: bool) -> None:
    """Remember in row and instances whether the draft differs; `updated_at` stays the time of the last edit."""
    entry.has_changes = fresh.has_changes = has_changes
    fresh.save(update_fields=["has_changes"])


def _record(
    action: str,
    entry: Entry,
    acting_user: Actor,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    subject = (entry.KIND, entry.key, entry.title)
    audit.record(
        action, subject, acting_user=acting_user, municipality=own_municipality_id(), before=before, after=after
    )
