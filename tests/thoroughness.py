"""How much the tests try: everything where it must be seen (CI=1) or is asked for (SLOW=1), else what ends within a coffee."""

import os

THOROUGH = bool(os.environ.get("CI") or os.environ.get("SLOW"))
PATIENT = bool(os.environ.get("SLOW"))  # minutes, too
