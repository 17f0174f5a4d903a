"""The invented entries."""

import json

from knowledge import demo
from tenants.hours_reading import read_hours


def test_hours_belong_to_contacts_and_nearly_all_are_understood():
    hours = json.loads(demo.HOURS.read_text(encoding="utf-8"))
    entries = {entry["id"]: entry for slug in ("soest", "kreis") for entry in map(json.loads, demo.lines_of(slug))}
    assert {entry_id: entries[entry_id]["hours"] for entry_id in hours} == hours
    assert {entries[entry_id]["kind"] for entry_id in hours} == {"person"}
    assert [text for text in hours.values() if read_hours(text) is None] == ["nach Vereinbarung"]
