"""Whether Asterisk was started anew since a call began: then a call without an end has ended with the old process.

Asterisk numbers its channels from 0 at each start, and an id is `<systemname>-<second>.<number>`. In one run a later second has a higher
number; but for two channels that begin at once, where one took the second, and the other one the next number. So a second that is two later,
with a number that is not higher, is another run.
"""

import re
from collections.abc import Iterable

ID = re.compile(r"(?:.*-)?(?P<second>[0-9]{1,10})\.(?P<number>[0-9]{1,10})")


def outlived(linked: str, others: Iterable[str]) -> bool:
    """Whether one of these channels' ids is of a later run than that of a call. Ids that are not Asterisk's own say nothing."""
    if (call := ID.fullmatch(linked)) is None:
        return False
    second, number = int(call["second"]), int(call["number"])
    found = (ID.fullmatch(other) for other in others)
    return any(one and int(one["second"]) >= second + 2 and int(one["number"]) <= number for one in found)
