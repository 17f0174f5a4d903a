"""The log in words: what each action is called, its fields by the names that stand on the pages, its values as people write them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db.models import Field
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge import snapshots
from telephony_bridge.numbers import display
from tenants.hours_wording import WEEKDAYS
from tenants.models import AuditEntry

# Every action that the code records; tests/onboarding/test_audit_words.py compares.
ACTIONS: dict[str, str | Promise] = {
    "accept_invitation": gettext_lazy("Einladung angenommen"),
    "add_centre": gettext_lazy("Servicecenter angelegt"),
    "add_membership": gettext_lazy("Rolle übernommen"),
    "add_municipality": gettext_lazy("Kommune aufgenommen"),
    "add_person": gettext_lazy("Konto angelegt"),
    "add_source": gettext_lazy("Telefonanlage angeschlossen"),
    "add_special_day": gettext_lazy("Besonderen Tag eingetragen"),
    "add_telephone": gettext_lazy("Telefon angelegt"),
    "answer_gap": gettext_lazy("Wissenslücke beantwortet"),
    "begin_wrap_up": gettext_lazy("Nachbearbeitung begonnen"),
    "change_hours": gettext_lazy("Öffnungszeiten geändert"),
    "change_mark": gettext_lazy("Erkennungszeichen geändert"),
    "change_networks": gettext_lazy("Zugelassene Adressen der Telefonanlage geändert"),
    "change_role": gettext_lazy("Rolle geändert"),
    "change_situation": gettext_lazy("Lagemeldung geändert"),
    "change_texts": gettext_lazy("Begrüßung oder Texte geändert"),
    "choose_municipality": gettext_lazy("Anruf einer Kommune zugeordnet"),
    "claim_call": gettext_lazy("Anruf angenommen"),
    "clear_situation": gettext_lazy("Lage des Servicecenters aufgehoben"),
    "close_call": gettext_lazy("Anruf abgeschlossen"),
    "close_centre": gettext_lazy("Servicecenter sofort geschlossen"),
    "confirm_number": gettext_lazy("Rufnummer bestätigt"),
    "confirm_review": gettext_lazy("Artikel geprüft: stimmt noch"),
    "deactivate_person": gettext_lazy("Konto stillgelegt"),
    "decline_gap": gettext_lazy("Wissenslücke abgelehnt"),
    "delete_entry": gettext_lazy("Eintrag gelöscht"),
    "discard_changes": gettext_lazy("Entwurf verworfen"),
    "end_session": gettext_lazy("Sitzung beendet"),
    "expire_wrap_ups": gettext_lazy("Nachbearbeitung nach Ablauf abgeschlossen"),
    "finish_callback": gettext_lazy("Rückruf erledigt"),
    "finish_handover": gettext_lazy("Weitergeleiteten Anruf abgehakt"),
    "forget_callers": gettext_lazy("Rufnummern und Notizen alter Anrufe gelöscht"),
    "forget_events": gettext_lazy("Alte Ereignisse der Telefonanlage gelöscht"),
    "forget_searches": gettext_lazy("Alte Suchen gelöscht"),
    "hand_call_over": gettext_lazy("Gespräch an die Leitung abgegeben"),
    "hand_over": gettext_lazy("Anruf mit Anliegen weitergeleitet"),
    "import_entries": gettext_lazy("Einträge eingelesen"),
    "invite": gettext_lazy("Person eingeladen"),
    "lead_presence": gettext_lazy("Anwesenheit einer Person durch die Leitung geändert"),
    "mail_handover": gettext_lazy("Weitergeleiteten Anruf per E-Mail gemeldet"),
    "miss_call": gettext_lazy("Klingelndes Telefon nicht abgenommen"),
    "name_operator": gettext_lazy("Betreiberin benannt"),
    "open_centre": gettext_lazy("Servicecenter wieder geöffnet"),
    "propose_number": gettext_lazy("Rufnummer vorgeschlagen"),
    "provision": gettext_lazy("Kommune eingerichtet"),
    "publish": gettext_lazy("Eintrag veröffentlicht"),
    "pull_call": gettext_lazy("Wartenden Anruf zu sich geholt"),
    "put_first": gettext_lazy("Wartenden Anruf nach vorn gestellt"),
    "reap_calls": gettext_lazy("Anruf ohne gemeldetes Ende geschlossen"),
    "release_call": gettext_lazy("Anruf zurückgegeben"),
    "remove_announcement": gettext_lazy("Ansage entfernt"),
    "remove_membership": gettext_lazy("Rolle entzogen"),
    "remove_number": gettext_lazy("Rufnummer entfernt"),
    "remove_special_day": gettext_lazy("Besonderen Tag entfernt"),
    "remove_synonym": gettext_lazy("Synonym entfernt"),
    "remove_telephone": gettext_lazy("Telefon entfernt"),
    "renew_invitation": gettext_lazy("Einladung erneuert"),
    "report_gap": gettext_lazy("Wissenslücke gemeldet"),
    "reset_second_factor": gettext_lazy("Zweiten Faktor zurückgesetzt"),
    "restore_version": gettext_lazy("Frühere Fassung in den Entwurf geholt"),
    "revoke_invitation": gettext_lazy("Einladung zurückgezogen"),
    "rotate_token": gettext_lazy("Token der Telefonanlage erneuert"),
    "save_article": gettext_lazy("Entwurf eines Artikels gespeichert"),
    "save_contact": gettext_lazy("Entwurf eines Kontakts gespeichert"),
    "save_department": gettext_lazy("Entwurf einer Abteilung gespeichert"),
    "save_preferences": gettext_lazy("Einstellungen des Arbeitsplatzes geändert"),
    "save_synonym": gettext_lazy("Synonym gespeichert"),
    "set_language": gettext_lazy("Sprache geändert"),
    "set_number_language": gettext_lazy("Sprache einer Rufnummer geändert"),
    "set_presence": gettext_lazy("Anwesenheit geändert"),
    "set_situation": gettext_lazy("Lage des Servicecenters gemeldet"),
    "set_skills": gettext_lazy("Kenntnisse einer Person geändert"),
    "set_state": gettext_lazy("Stand der Kommune geändert"),
    "settle_record": gettext_lazy("Abweichende Gesprächszeiten geklärt"),
    "settle_searches": gettext_lazy("Erfolglose Suche bearbeitet"),
    "sign_in_at": gettext_lazy("An einem Telefon angemeldet"),
    "stop_wrap_up_timer": gettext_lazy("Nachbearbeitung verlängert"),
    "take_back": gettext_lazy("Weiterleitung zurückgenommen"),
    "take_call_over": gettext_lazy("Gespräch einer Person übernommen"),
    "take_gap": gettext_lazy("Wissenslücke in Arbeit genommen"),
    "update_profile": gettext_lazy("Eigenes Konto geändert"),
    "upload_announcement": gettext_lazy("Ansage hochgeladen"),
    "withdraw": gettext_lazy("Eintrag zurückgezogen"),
}
# Keys that are no field of the object, or fields that no form shows.
FIELDS: dict[str, str | Promise] = {
    "after_call": gettext_lazy("Nach dem Anruf"),
    "agent_id": gettext_lazy("Nummer der Person"),
    "agent_name": gettext_lazy("Person"),
    "answer_key": gettext_lazy("Antwort im Eintrag"),
    "answer_kind": gettext_lazy("Art des Eintrags"),
    "answered_at": gettext_lazy("Beantwortet"),
    "answered_by_name": gettext_lazy("Beantwortet von"),
    "calls": gettext_lazy("Anrufe"),
    "centre_id": gettext_lazy("Servicecenter"),
    "changed": gettext_lazy("Geändert"),
    "chosen_by_agent": gettext_lazy("Von Hand gewählt"),
    "confirmed_at": gettext_lazy("Bestätigt"),
    "created": gettext_lazy("Neu"),
    "end_reason": gettext_lazy("Ende"),
    "ended_at": gettext_lazy("Beendet"),
    "expires_at": gettext_lazy("Gilt bis"),
    "factors": gettext_lazy("Zweite Faktoren"),
    "generation": gettext_lazy("Token Nummer"),
    "handovers": gettext_lazy("Weitergeleitete Anrufe"),
    "hung_up_at": gettext_lazy("Aufgelegt"),
    "left_out": gettext_lazy("Ausgelassen"),
    "lines": gettext_lazy("Zeilen"),
    "messages": gettext_lazy("Meldungen der Telefonanlage"),
    "municipality_id": gettext_lazy("Nummer der Kommune"),
    "networks": gettext_lazy("Zugelassene Adressen"),
    "note": gettext_lazy("Notiz"),
    "numbers": gettext_lazy("Rufnummern"),
    "operator": gettext_lazy("Betreiberin"),
    "outcome": gettext_lazy("Ergebnis"),
    "person": gettext_lazy("Person"),
    "preferences": gettext_lazy("Anzeige"),
    "prefix": gettext_lazy("Rufnummer"),
    "published": gettext_lazy("Veröffentlicht"),
    "ringing_at": gettext_lazy("Angerufen"),
    "searches": gettext_lazy("Zahl der Suchen"),
    "settled": gettext_lazy("Ergebnis"),
    "settled_at": gettext_lazy("Geklärt"),
    "situation_since": gettext_lazy("Gemeldet"),
    "state": gettext_lazy("Stand"),
    "unchanged": gettext_lazy("Unverändert"),
    "version": gettext_lazy("Fassung"),
    "wrap_up_at": gettext_lazy("Nachbearbeitung seit"),
    "wrap_up_until": gettext_lazy("Nachbearbeitung bis"),
}
APPS = ("tenants", "accounts", "pool", "telephony_bridge")
LONGEST = 160  # characters of a value; the whole text stands in the entry's history


@dataclass(frozen=True, slots=True)
class Change:
    """A field with what was there before and after; empty texts for nothing."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Told:
    """An entry of the log in words."""

    action: str
    subject: str
    changes: list[Change]


def told(entry: AuditEntry) -> Told:
    """What was done to what, and what differs; fields that were and stay empty are left out."""
    subject = entry.object_label or entry.object_id
    if entry.object_kind == "numberprefix":
        subject = display(subject)
    return Told(str(ACTIONS.get(entry.action, entry.action)), subject, list(_changes(entry)))


def _changes(entry: AuditEntry) -> Iterator[Change]:
    before, after = entry.before or {}, entry.after or {}
    for name in dict.fromkeys([*before, *after]):
        old, new = (value_text(entry.object_kind, name, values.get(name)) for values in (before, after))
        if old or new:
            yield Change(field_label(entry.object_kind, name), old, new)


def field_label(kind: str, name: str) -> str:
    """What a field is called on the pages; its own name where nothing better is known."""
    if kind in snapshots.MODELS and name in snapshots.FIELDS[kind]:
        return snapshots.label(kind, name)
    field = _field(kind, name)
    named = str(getattr(field, "verbose_name", ""))
    if field is not None and named != field.name.replace("_", " "):  # what Django makes up is English
        return named
    return str(FIELDS.get(name, name))


@cache
def _field(kind: str, name: str) -> "Field[Any, Any] | None":
    """The column of an object of this kind, if it is one."""
    models = (model for label in APPS for model in apps.get_app_config(label).get_models())
    model = next((model for model in models if model._meta.model_name == kind), snapshots.MODELS.get(kind))
    fields = model._meta.concrete_fields if model else ()
    return next((field for field in fields if name in {field.name, field.attname}), None)


def value_text(kind: str, name: str, value: Any) -> str:
    """A stored value as people write it, at most LONGEST characters; "" for nothing."""
    text = _text(kind, name, value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def _text(kind: str, name: str, value: Any) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return str(_("ja") if value else _("nein"))
    if isinstance(value, int | float):
        return str(number_format(value, force_grouping=not name.endswith("_id") and name != "person"))
    if isinstance(value, list):
        return _list_text(kind, name, value)
    if isinstance(value, dict):
        return _dict_text(kind, value)
    return _string_text(kind, name, str(value))


def _list_text(kind: str, name: str, value: list[Any]) -> str:
    if name == "changed":
        return ", ".join(field_label(kind, str(one)) for one in value)
    spans = [f"{one[0]}–{one[1]}" if isinstance(one, list) and len(one) == 2 else _text(kind, "", one) for one in value]
    return ", ".join(display(span) if name == "numbers" else span for span in spans)


def _dict_text(kind: str, value: dict[str, Any]) -> str:
    """A link, or fields with their values."""
    if value.keys() == {"label", "url"}:
        return f"{value['label']}: {value['url']}"
    return "; ".join(f"{_key_text(kind, key)}: {_text(kind, key, inner)}" for key, inner in value.items())


def _key_text(kind: str, key: str) -> str:
    """A weekday of opening hours, or a field."""
    return str(WEEKDAYS[int(key)]) if key in {str(day) for day in range(7)} else field_label(kind, key)


def _string_text(kind: str, name: str, value: str) -> str:
    choices = dict(getattr(_field(kind, name), "flatchoices", ()))
    if value in choices:
        return str(choices[value])
    if name == "prefix":
        return display(value)
    try:
        if (at := parse_datetime(value)) and len(value) > 10:
            return date_format(timezone.localtime(at) if timezone.is_aware(at) else at, "d.m.Y, H:i")
        if day := parse_date(value):
            return date_format(day, "d.m.Y")
    except ValueError:  # looks like a day, and is none
        return value
    return value
