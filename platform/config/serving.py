"""The web processes behind one address: uvicorn's own supervisor starts them, watches them and starts those again that died."""

import gc
import multiprocessing
import os
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from config import logs
from config.processes import end_with_parent

MOST = 4  # processes, unless more are asked for
PATIENCE = 30  # seconds without a sign of life, until a process counts as hung


def usual() -> int:
    """One process for each core that we may use, at most MOST."""
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, MOST)


def run(processes: int, **options: Any) -> None:
    """Serve until SIGINT or SIGTERM; `options` are uvicorn's. Raises SystemExit when the address is taken."""
    options |= {"workers": processes, "timeout_worker_healthcheck": PATIENCE}
    config = uvicorn.Config("config.serving:application", factory=True, **options)
    if processes == 1:
        uvicorn.Server(config).run()  # raises the signal that ended it once more
        return
    Multiprocess(config, [config.bind_socket()]).run()


def application() -> Any:
    """The ASGI application, in the process that serves it. One of several ends with the one that started it, however that ended."""
    if (parent := multiprocessing.parent_process()) is not None:
        logs.configure()
        if ask := end_with_parent(parent.pid or 0):
            ask()
    from config.asgi import application as ours  # sets up Django

    _warm_up()
    return ours


def _warm_up() -> None:
    """What the first search would otherwise wait for; and what is there now stays, so collecting garbage need not look at it again."""
    from django.template.loader import get_template

    from knowledge.search import compounds, lexicon

    compounds.splitter()
    lexicon.shared_synonyms()
    get_template("desk/hits.html")
    gc.collect()
    gc.freeze()
