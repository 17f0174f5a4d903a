"""A telephone that people sign in at has one of them who is there: whoever comes second, or comes back when somebody sits there, sits at their own.

Whose own a telephone is does not count: a colleague may sign in at it, and its owner is not asked.
"""

from django.db import connection

from telephony_bridge.models import Presence


def who_sits_at(presence: Presence, telephone: str) -> Presence | None:
    """Somebody else of the centre who is there and has signed in at this telephone. Until the transaction ends nobody else can sign in at it.

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
