"""`python -m tests.record.dying LOG SOURCE`: reads a log in processes that are killed (SIGKILL), each at another step, until all is read.

A step is before and after whatever leaves the process: the file, each statement, each commit. Prints at how many different steps one was.
"""

import os
import signal
import sys
from itertools import count
from pathlib import Path

import django

STEPS = 40  # a reading has fewer, so that some die in their second one


def main(log, source_id):
    django.setup()
    killed = set()
    for turn in count():
        step = turn % STEPS + 1
        if (child := os.fork()) == 0:
            os._exit(reads(Path(log), int(source_id), step))
        _pid, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0, "it failed by itself"
            print(len(killed))
            return
        killed.add(step)


def reads(log, source_id, dies_at):
    """0 when all is read; most do not come so far."""
    from django.db import connection

    from telephony_bridge.models import Source
    from telephony_bridge.record import keeping
    from tenants import scope

    steps = count(1)

    def step():
        if next(steps) == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(work):
        def stepping(*arguments, **options):
            step()
            result = work(*arguments, **options)
            step()
            return result

        return stepping

    try:
        with scope.telephony():
            source = Source.objects.get(pk=source_id)
            keeping.read = around(keeping.read)
            connection._commit = around(connection._commit)
            with connection.execute_wrapper(lambda execute, *call: around(execute)(*call)):
                while keeping.follow(source, log, limit=1500):
                    pass
    except Exception:  # noqa: BLE001  told by the exit status
        import traceback

        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    main(*sys.argv[1:])
