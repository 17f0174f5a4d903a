"""A supervisor settles a call that differs, with the keyboard, in every look."""

import pytest
from playwright.sync_api import expect

from tests.browser import browser, looked_at  # noqa: F401  the fixture

pytestmark = pytest.mark.browser
RECORDS = """WITH source AS (SELECT id, centre_id FROM telephony_bridge_source ORDER BY id LIMIT 1),
made AS (INSERT INTO telephony_bridge_callrecord (source_id, centre_id, linked, call_id, dialled, began_at, answered_at, ended_at, last_at, "end",
agent_name, telephone, legs, differences, settled_by_name)
SELECT source.id, centre_id, 'rv-' || n, (SELECT max(id) FROM telephony_bridge_call), '', t, t + interval '9 s', t + interval '95 s', t, kind,
'Jana Köster', 'agent1', '[]', differences::jsonb, '' FROM source, (VALUES
(1, 'hangup', '[{"kind": "duration", "desk": 190.0, "record": 95.0}, {"kind": "agent", "desk": "Murat Aydın", "record": "Jana Köster"}]'),
(2, 'lost', '[{"kind": "answered", "desk": false, "record": true}]'), (3, 'unseen', '[{"kind": "unseen"}]')) v (n, kind, differences),
LATERAL (SELECT timestamptz '2026-03-02 08:30:00+00' + n * interval '3 min' AS t) times RETURNING id, began_at, "end")
INSERT INTO telephony_bridge_callinterval (record_id, kind, began_at, ended_at, telephone, agent_name)
SELECT id, kind, began_at + a * interval '1 s', began_at + b * interval '1 s', who, who FROM made, (VALUES ('waiting', 0, 9, ''),
('talking', 9, 70, 'Jana Köster'), ('held', 70, 80, 'Jana Köster'), ('transferred', 80, 95, 'Jana Köster')) w (kind, a, b, who)
WHERE made."end" <> 'unseen'"""


def test_a_supervisor_settles_a_difference(live, browser):  # noqa: F811
    live.hang_up(live.ring())
    live.sql("DELETE FROM telephony_bridge_callinterval")
    live.sql("DELETE FROM telephony_bridge_callrecord")
    live.sql(RECORDS)
    page = live.desk(browser, "supervisor", bypass_csp=True)
    page.goto(live.server.url("desk.localhost", "/abweichungen/"))
    looked_at(page, "desk-records")
    page.get_by_role("button", name="Zeiten übernehmen: Anruf vom Mo, 02.03., 9:33").press("Enter")
    expect(page.locator("main")).to_contain_text("Der Anruf hat jetzt die Zeiten der Telefonanlage.")
    expect(page.get_by_role("button", name="Anruf vom")).to_have_count(2)
    page.get_by_role("link", name="Geklärte Abweichungen").press("Enter")
    expect(page.locator("main")).to_contain_text("Beate Hüsing")
    looked_at(page, "desk-records-settled", modes=["light"])
    assert live.sql(
        "SELECT hung_up_at - ringing_at = interval '95 s' FROM telephony_bridge_call ORDER BY id DESC LIMIT 1"
    )
