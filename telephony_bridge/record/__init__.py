"""The record of calls, from Asterisk's channel event log: what reports and bills count. What an interval is stands in timeline.py.

record.follow(source, file)     # again and again: what is new in the log
record.compare(source)          # now and then: with what the desk has seen
"""

from telephony_bridge.record.comparing import compare
from telephony_bridge.record.keeping import follow

__all__ = ["compare", "follow"]
