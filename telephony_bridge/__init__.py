"""Exchanges, the calls that they report, and who is there to take them."""
