"""Which scenes are left out of `make test` on somebody's own machine."""

import pytest

from tests.thoroughness import PATIENT, THOROUGH

slow = pytest.mark.skipif(not THOROUGH, reason="waits for more than five seconds: CI=1 or SLOW=1")
very_slow = pytest.mark.skipif(not PATIENT, reason="takes a minute or more: SLOW=1")
