"""Everything that writes calls, presences and sources. Each function is one transaction in the scope that its caller has opened."""

from telephony_bridge.actions.announcing import remove_announcement, upload_announcement
from telephony_bridge.actions.calls import (
    Claim,
    begin_wrap_up,
    choose_municipality,
    claim_call,
    close_call,
    finish_callback,
    release_call,
    save_wrap_up,
    stop_wrap_up_timer,
)
from telephony_bridge.actions.commanding import command_exchange, end_commands, is_late, open_commands
from telephony_bridge.actions.exchanging import asterisk_source, position_of, store_records
from telephony_bridge.actions.handing import Target, finish_handover, hand_over, take_back
from telephony_bridge.actions.leading import end_notice, expire_notices, lead_call, lead_presence, set_notice
from telephony_bridge.actions.mailing import mail_handovers
from telephony_bridge.actions.presences import expire_presences, heartbeat, heartbeats, set_presence, sign_in_at
from telephony_bridge.actions.reaping import expire_wrap_ups, reap_calls
from telephony_bridge.actions.receiving import receive
from telephony_bridge.actions.records import forget_events, settle_record
from telephony_bridge.actions.retention import forget_callers
from telephony_bridge.actions.skills import set_number_language, set_skills
from telephony_bridge.actions.sources import add_source, change_networks, give_token, remember_refusal, rotate_token

__all__ = [
    "Claim",
    "Target",
    "add_source",
    "asterisk_source",
    "begin_wrap_up",
    "change_networks",
    "choose_municipality",
    "claim_call",
    "close_call",
    "command_exchange",
    "end_commands",
    "end_notice",
    "expire_notices",
    "expire_presences",
    "expire_wrap_ups",
    "finish_callback",
    "finish_handover",
    "forget_callers",
    "forget_events",
    "give_token",
    "hand_over",
    "heartbeat",
    "heartbeats",
    "is_late",
    "lead_call",
    "lead_presence",
    "mail_handovers",
    "open_commands",
    "position_of",
    "reap_calls",
    "receive",
    "release_call",
    "remember_refusal",
    "remove_announcement",
    "rotate_token",
    "save_wrap_up",
    "set_notice",
    "set_number_language",
    "set_presence",
    "set_skills",
    "settle_record",
    "sign_in_at",
    "stop_wrap_up_timer",
    "store_records",
    "take_back",
    "upload_announcement",
]
