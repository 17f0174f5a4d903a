"""What can go wrong on purpose: refusals that a person reads, and mistakes that a programmer reads."""


class Refusal(Exception):
    """The thing asked for cannot be done; the message is one German sentence that says what and what to do instead."""


class TenancyError(Exception):
    """The program asked for data without saying, or while contradicting, for whom."""
