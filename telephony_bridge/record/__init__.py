"""The record of calls, from Asterisk's channel event log: what reports and bills count. Read docs in timeline.py (what an interval is) first."""
