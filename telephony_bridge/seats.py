"""A telephone has one person who is there: whoever comes second, or comes back when somebody sits there, sits at their own."""

from django.db import connection

from telephony_bridge.models import Presence


def who_sits_at(presence: Presence, telephone: str) -> Presence | None:
    """Somebody else who is there at a telephone of the same centre. Until the transaction ends nobody else can sit down at it.

    Whoever asks has locked their own row before, so that of two who come at once one waits for the other.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.lock_telephone(%s, %s)", [presence.centre_id, telephone])
    others = Presence.objects.filter(centre_id=presence.centre_id, telephone=telephone).exclude(state="away")
    return others.exclude(person_id=presence.person_id).first()


def give_way(presence: Presence) -> None:
    """For who was away and is not any more, in the running transaction: the telephone may have somebody else by now."""
    if presence.telephone and who_sits_at(presence, presence.telephone):
        presence.telephone = ""
        presence.save(update_fields=["telephone"])
