"""Logs of all processes: one JSON object a line, or readable lines for people (RUFVERBUND_LOG=console, what the demo sets).

Everything goes to standard error; standard output belongs to what a command prints. Lines written while a request or a job runs
carry its id, whoever writes them (Django, the server and procrastinate included).
"""

import logging
import os
import re
import sys
import uuid
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer

Event = MutableMapping[str, Any]
# Addresses that contain what opens a door: the webhook's token, an invitation's, a new password's.
SECRETS = re.compile(r"(?:(?<=/api/v1/cti/)|(?<=/einladung/)|(?<=/password/reset/key/))[^/?\s\"'\\]+")
QUIET = {
    "httpx": "WARNING",
    "httpcore": "WARNING",
    "asyncio": "WARNING",
    "uvicorn.error": "WARNING",
    "procrastinate": "WARNING",
}


@contextmanager
def bind_request_id(request_id: str = "") -> Iterator[str]:
    """Every line until the block ends carries this id (a new one where none is given); yields it."""
    request_id = request_id or uuid.uuid4().hex
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        yield request_id


def hide_secrets(_logger: object, _method: str, line: Any) -> str:
    """Tokens in addresses become `…`, wherever in the line they stand: in a text, a request, an exception."""
    return SECRETS.sub("…", str(line))


def _lines_for_people(colours: bool) -> list[Any]:
    plain = structlog.dev.plain_traceback  # others show the values of variables
    return [structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=0, sort_keys=False, exception_formatter=plain)]


def _lines_for_machines() -> list[Any]:
    """Without the values of variables: passwords, sessions and callers' numbers are among them."""
    errors = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
    return [errors, structlog.processors.JSONRenderer(ensure_ascii=False)]


def configure(*, level: str = "", style: str = "") -> None:
    """Set up structlog and the standard library's logging alike. `style` is `json` or `console`; both have environment variables."""
    level = level or os.environ.get("RUFVERBUND_LOG_LEVEL", "INFO").upper()
    style = style or os.environ.get("RUFVERBUND_LOG", "console" if sys.stderr.isatty() else "json")
    shared = _shared_steps(style)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    colours = os.environ.get("FORCE_COLOR", "") == "1" or sys.stderr.isatty()
    last = _lines_for_people(colours) if style == "console" else _lines_for_machines()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last, hide_secrets],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(capture=True)
    for name, threshold in QUIET.items():
        logging.getLogger(name).setLevel(threshold)


def _shared_steps(style: str) -> list[Any]:
    """What happens to every line, ours or a library's, before it is written."""
    stamp = structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False) if style == "console" else _utc_stamp()
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        stamp,
        structlog.processors.StackInfoRenderer(),
    ]


def _utc_stamp() -> Any:
    return structlog.processors.TimeStamper(fmt="iso", utc=True, key="time")
