"""What exchanges should not send, as hypothesis makes it: decoded bodies whose fields have any names and values."""

from typing import Any

from hypothesis import strategies as st

EVENTS = ["newCall", "answer", "hangup", "IncomingCall", "CallAccepted", "HungUp", "OutgoingCall", "in", "out"]
FIELDS = ["event", "callId", "call_id", "from", "to", "direction", "user", "user[]", "queue", "cause", "x"]
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=300),
        st.sampled_from([*EVENTS, "1", "\ud800"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)


def junk_bodies(*more: str) -> st.SearchStrategy[dict[str, Any]]:
    """Bodies with these fields besides the usual ones; half of them begin like a report."""
    fields = st.dictionaries(st.sampled_from([*FIELDS, *more]), VALUES)
    begun = st.builds(
        lambda rest, event: rest | {"event": event, "callId": "j", "call_id": "j"}, fields, st.sampled_from(EVENTS)
    )
    return fields | begun
