"""Whether Asterisk was started anew since a call began: then a call without an end has ended with the old process.

Asterisk numbers its channels from 0 at each start, and an id is `<systemname>-<second>.<number>`. In one run a later second has a higher
number; but for two channels that begin at once, where one took the second, and the other one the next number. So a second that is two later,
with a number that is not higher, is another run.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

ID = re.compile(r"(?:.*-)?(?P<second>[0-9]{1,10})\.(?P<number>[0-9]{1,10})")


def outlived(calls: Iterable[str], others: Iterable[str]) -> set[str]:
    """Those calls of whose run Asterisk is no more, by the ids of their channels and of others. Ids that are not Asterisk's own say nothing."""
    began = sorted((number, second) for _id, second, number in _parsed(others))
    numbers = [number for number, _second in began]
    latest = list(accumulate((second for _number, second in began), max))  # of all with a number that is not higher
    counts = ((call, second, bisect_right(numbers, number)) for call, second, number in _parsed(calls))
    return {call for call, second, lower in counts if lower and latest[lower - 1] >= second + 2}


def _parsed(ids: Iterable[str]) -> Iterable[tuple[str, int, int]]:
    found = ((id_, ID.fullmatch(id_)) for id_ in ids)
    return ((id_, int(one["second"]), int(one["number"])) for id_, one in found if one)
