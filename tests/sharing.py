"""Which tests share a worker (`-p tests.sharing`): those that share a server, a demonstration or many entries, so that it is made once.

pytest-xdist's own `--dist loadgroup` reads its marks from a node's id in a way that pytest 9 no longer has.
"""

import re
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

COSTLY = re.compile(
    r"tests/(opensearch)/|tests/(asterisk/\w+|desk/test_browser_(?:call|shift))\.py::|tests/(\w+)/test_(browser\w*|cli|crash|demo|embedded|gallery|judged|modules|plans|processes|search|serving|stream|synonyms)\.py::"
)


class Sharing(LoadScopeScheduling):
    """The costly files of a folder are one piece of work (those of the desk are three, else all would wait for it), every other test is one of its own;
    the largest pieces come first."""

    def _split_scope(self, nodeid: str) -> str:
        found = COSTLY.match(nodeid)
        return (found[1] or found[2] or found[3]) if found else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """What `--numprocesses` asks for."""
    return Sharing(config, log)
