"""The log of what was done: one row per action, in its transaction. Web logins may add rows, never read more than theirs or change one."""

import json
from typing import Any, Protocol

import structlog
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models

INSERT = """INSERT INTO public.tenants_auditentry (at, person_id, person_name, municipality_id, centre_id, action, object_kind, object_id,
object_label, before, after, request_id) VALUES (clock_timestamp(), %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s)"""


class Actor(Protocol):
    """Who acts: a person, or the system itself (SYSTEM)."""

    @property
    def pk(self) -> Any:
        """Person.pk, or None for the system."""
        ...

    @property
    def name(self) -> Any:
        """As it will be shown."""
        ...


class System:
    """Acts when nobody does: imports from the command line, the reaper, an exchange."""

    pk = None
    name = "System"


SYSTEM = System()


def state(instance: models.Model, *fields: str) -> dict[str, Any]:
    """The named fields (all concrete ones when none is named) as JSON values, for before and after."""
    wanted = fields or tuple(f.attname for f in instance._meta.concrete_fields)
    return {name: getattr(instance, name) for name in wanted}


def record(  # noqa: PLR0913  who, what, where, before and after
    action: str,
    obj: models.Model | tuple[str, object, str],
    *,
    acting_user: Actor,
    municipality: int | None = None,
    centre: int | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Write a row about `obj` (an instance, or kind, id and label). Of before and after only what differs is kept when both are given."""
    kind, object_id, label = obj if isinstance(obj, tuple) else (obj._meta.model_name or "", obj.pk, str(obj))
    if before is not None and after is not None:
        changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        before = {key: value for key, value in before.items() if key in changed}
        after = {key: value for key, value in after.items() if key in changed}
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    # No RETURNING (the login may not read the log), hence not through the model.
    values = [
        acting_user.pk,
        str(acting_user.name)[:200],
        municipality,
        centre,
        action,
        kind,
        str(object_id)[:120],
        label[:200],
    ]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [*values, _json(before), _json(after), request_id[:64]])


def _json(value: dict[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
