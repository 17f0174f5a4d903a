"""Measurements of the way from an exchange's report to the desks: `rufverbund bench pop`, `rufverbund bench calls`."""

from telephony_bridge.bench.commands import calls, pop

__all__ = ["calls", "pop"]
