"""Which scenes are left out of `make test` on somebody's own machine."""

import os

import pytest

slow = pytest.mark.skipif(
    not (os.environ.get("CI") or os.environ.get("SLOW")), reason="waits for more than five seconds: CI=1 or SLOW=1"
)
very_slow = pytest.mark.skipif(not os.environ.get("SLOW"), reason="takes a minute or more: SLOW=1")
