"""A command that uses the embedded server: says where it is, then waits for lines of SQL; run by test_embedded.py as a process."""

import sys
from pathlib import Path

import psycopg

from config import embedded

with embedded.running(Path(sys.argv[1]), settings={"fsync": "off"}) as server:
    print(server.host, flush=True)
    for line in sys.stdin:
        with psycopg.connect(server.superuser_url, autocommit=True) as connection:
            cursor = connection.execute(line)
            print(cursor.fetchall() if cursor.description else "done", flush=True)
