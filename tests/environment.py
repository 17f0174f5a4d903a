"""Loaded before Django (`-p tests.environment`): a real PostgreSQL for the tests, and the settings that point to this process's database.

The cluster lives outside the checkout and is kept between runs; it ends with its last user. Each worker clones a template with two
centres and four municipalities, made once per version of migrations, rights and seed (tests/template.py).
"""

import atexit
import gc
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

from config import embedded

gc.set_threshold(
    50_000, 20, 100
)  # a test process has a million objects that stay; looking through them takes a tenth of the time

HOME = Path(os.environ.get("RUFVERBUND_TEST_HOME", Path(tempfile.gettempdir()) / f"rufverbund-tests-{os.getuid()}"))
_stack = ExitStack()
SERVER = _stack.enter_context(embedded.running(HOME, settings={"fsync": "off", "max_connections": "300"}))
atexit.register(_stack.close)


def url(database: str) -> str:
    """DATABASE_URL of a database in the tests' cluster."""
    return f"postgresql:///{database}?host={quote(str(SERVER.host), safe='')}&port={SERVER.port}"


DATABASE = f"rv_test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
SECRETS = {
    "RUFVERBUND_SECRET_KEY": "tests only",
    "RUFVERBUND_DATABASE_SECRET": "tests only: database",
    "RUFVERBUND_OWNER_SECRET": "tests only: owner",
    "RUFVERBUND_DOMAIN": "localhost",
    "RUFVERBUND_HOME": str(HOME / "home"),
}
(HOME / "home" / "static").mkdir(parents=True, exist_ok=True)  # WhiteNoise warns when it is missing
for name in [name for name in os.environ if name.startswith("RUFVERBUND_") and name != "RUFVERBUND_TEST_HOME"]:
    del os.environ[name]
os.environ |= SECRETS | {
    "RUFVERBUND_TESTING": "1",
    "DATABASE_URL": url(DATABASE),
    "RUFVERBUND_TEST_USER": "postgres",
    "RUFVERBUND_TEST_PASSWORD": embedded.secret_file(HOME, "superuser_password").read_text(encoding="ascii").strip(),
    "DJANGO_SETTINGS_MODULE": "config.settings",
}
