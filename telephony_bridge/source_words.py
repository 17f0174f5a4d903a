"""What exchanges report, in words for who connects them."""

from typing import Any

from django.utils.translation import gettext_lazy

from telephony_bridge.numbers import display

EVENTS = {
    "new_call": gettext_lazy("neuer Anruf"),
    "answer": gettext_lazy("angenommen"),
    "hangup": gettext_lazy("aufgelegt"),
}
RESULTS = {
    "created": gettext_lazy("Anruf angelegt"),
    "completed": gettext_lazy("Anruf ergänzt"),
    "answered": gettext_lazy("Annahme vermerkt"),
    "hung_up": gettext_lazy("Ende vermerkt"),
    "duplicate": gettext_lazy("war schon bekannt"),
    "unknown_call": gettext_lazy("Anruf angelegt, sein Beginn fehlt"),
    "outgoing": gettext_lazy("abgehend, wird nicht gezeigt"),
    "internal": gettext_lazy("internes Gespräch, wird nicht gezeigt"),
    "leg": gettext_lazy("Rückfrage oder Weitergabe"),
    "passed": gettext_lazy("ist weitergegeben, geht weiter"),
}
EVIDENCE = {
    "did": gettext_lazy("eigene Rufnummer der Kommune"),
    "diversion": gettext_lazy("umgeleitete Rufnummer"),
    "history_info": gettext_lazy("umgeleitete Rufnummer (History-Info)"),
    "request_uri": gettext_lazy("gewählte Rufnummer (Request-URI)"),
    "to": gettext_lazy("gewählte Rufnummer"),
    "queue": gettext_lazy("Name der Warteschlange"),
    "source": gettext_lazy("eigene Anlage der Kommune"),
    "unknown": gettext_lazy("nicht erkannt"),
}


def event_text(event: str) -> str:
    """What happened to the call."""
    return str(EVENTS.get(event, event))


def result_text(result: str) -> str:
    """What was made of a message."""
    return str(RESULTS.get(result, result))


def evidence_text(evidence: dict[str, Any]) -> str:
    """What decided (Call.evidence), with the number that did: "gewählte Rufnummer 02921 103-0"."""
    kind = str(EVIDENCE.get(str(evidence.get("kind", "unknown")), evidence.get("kind")))
    number, prefix = evidence.get("number"), evidence.get("prefix")
    if not number or evidence.get("kind") in {"queue", "source", "unknown"}:
        return kind
    return f"{kind} {display(str(number), [prefix] if prefix else [])}"
