"""A form of which nothing arrives changes nothing: every address that takes a POST, with objects that exist, asked by who may."""

import hashlib

import pytest
from django.db import connection, transaction
from django.urls import reverse

from tenants import scope
from tests.knowledge_pages import seeding
from tests.test_permissions import ADDRESSES, HOSTS, VISITORS, rules_of, section_of

# A button without a form is the whole request; tests of its own look at each.
DEEDS = {
    *("account_logout", "usersessions_list", "end_session", "mfa_deactivate_totp", "mfa_remove_webauthn"),
    *("mfa_generate_recovery_codes", "remove_membership", "renew_invitation", "revoke_invitation", "confirm_number"),
    *("remove_special_day", "remove_number", "remove_announcement", "confirm_review", "gap_take", "gap_seen"),
    *("search_article", "search_done", "synonym_remove", "shared_synonym_remove", "finish_handover"),
    *("accept", "release", "wrap_up", "take_longer", "transferred", "close"),
    *(f"{kind}_{deed}" for kind in ("article", "contact", "department") for deed in ("withdraw", "discard", "delete", "restore")),
}  # fmt: skip
MASTERS = {"front": "operator", "desk": "agent", "municipality": "tenant_admin"}  # who may do most
PASSING = {"django_session", "cache", "usersessions_usersession"}  # who was here, not what is stored
TABLES = """SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = ANY ('{public,%s}'::regnamespace[])
AND c.relname <> ALL (%%s) ORDER BY 1"""


def posts():
    """All of them that are no mere deeds."""
    return [address for address in ADDRESSES if "POST" in rules_of(address) and address.name not in DEEDS]


@pytest.fixture
def stored(soest, people):
    """Everything that there is, so that nothing is empty already; a digest of it, and what addresses name."""
    from accounts.models import Membership
    from knowledge.pool import learning_actions, log_actions
    from knowledge.pool.models import Synonym
    from tenants import own_actions

    known = seeding.know(soest, people["editor"])
    gap = seeding.ask(soest, people["agent"])
    with scope.municipality(soest.schema_name), transaction.atomic():
        texts = {"emergency": "112 anrufen.", "closed_text": "Wir sind ab 8 Uhr da.", "inhabitants": 48543}
        own_actions.change_texts(soest, texts, acting_user=people["admin"])
        own_actions.change_situation(soest, "Hochwasser an der Möhne", acting_user=people["admin"])
        own_actions.change_hours(soest, {"0": [["08:00", "16:00"]]}, acting_user=people["admin"])
    with scope.municipality(soest.schema_name), transaction.atomic():
        synonym = Synonym(centre_id=soest.centre_id, municipality=soest, words="perso", meaning="Personalausweis")
        learning_actions.save_synonym(synonym, acting_user=people["editor"])
    with scope.desk(people["agent"].pk), transaction.atomic():
        log_actions.record_search(soest, "perso weg", hits=0)
    with scope.desk(people["supervisor"].pk), transaction.atomic():
        shared = Synonym(centre_id=soest.centre_id, words="knifte", meaning="Brot")
        learning_actions.save_synonym(shared, acting_user=people["supervisor"])
    with scope.front():
        type(people["agent"]).objects.update(phone_user="17", preferences={"theme": "dark"})
        role = Membership.objects.get(person=people["reader"])
    return {
        "article": known.article.key, "contact": known.contact.key, "department": known.department.key,
        "synonym": synonym.pk, "shared": shared.pk, "words": "perso weg",
        "gap": gap.pk, "role": role.pk, "schema": soest.schema_name,
    }  # fmt: skip


def digest(schema):
    with scope.owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TABLES % schema, [list(PASSING)])
        rows = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT string_agg(r::text, chr(10) ORDER BY r::text) FROM {table} r")
            rows[table] = hashlib.sha256(str(cursor.fetchone()[0]).encode()).hexdigest()
        return rows


def path_of(address, stored):
    """With objects that exist, as far as this municipality has them."""
    kind = {"change_role": "role", "synonym_edit": "synonym", "shared_synonym_edit": "shared"}.get(address.name, "gap")
    given = {"slug": "soest", "pk": stored[kind], "words": stored["words"]}
    given["kind"] = "closed"
    given["key"] = stored.get(address.name.split("_")[0], "")
    fitting = {name: given.get(name, value) for name, value in address.arguments.items()}
    return reverse(address.name, urlconf=f"config.urls.{address.area}", kwargs=fitting)


@pytest.mark.parametrize("area", HOSTS)
def test_an_empty_form_changes_nothing(area, stored, visit):
    changed = []
    for address in (address for address in posts() if address.area == area):
        allowed = set(rules_of(address)["POST"]) - {"anonymous"}
        visitor = MASTERS[area] if MASTERS[area] in allowed else min(allowed, default="anonymous")
        client = visit(VISITORS[visitor], HOSTS[area])
        before = digest(stored["schema"])
        answer = client.post(path_of(address, stored))
        assert answer.status_code < 500, address
        after = digest(stored["schema"])
        changed += [f"{address} {table}" for table in after if after[table] != before[table]]
        if section_of(address) == "municipality":
            assert answer.status_code != 404, f"{address} was not asked about anything"
    assert changed == []
