"""Static files as they are collected: our sheet joined into one file, imports between ES modules hashed like everything else."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.storage import ManifestFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage

SHEET = "css/rufverbund.css"
OURS = "desk/js/*.js"
MODULE_IMPORTS = ManifestFilesMixin._js_module_import_aggregation_patterns[1]  # type: ignore[attr-defined]  # noqa: SLF001  Django's own
IMPORT = re.compile(r'@import url\("(?P<name>[\w-]+\.css)"\)(?: (?P<media>\w+))?;')


def joined(sheet: Path) -> str:
    """The sheet with each `@import url("topic.css") [media];` replaced by the topic; topics stand in the same folder, so their
    relative addresses stay right."""

    def topic(found: re.Match[str]) -> str:
        text = (sheet.parent / found["name"]).read_text(encoding="utf-8")
        return f"@media {found['media']} {{\n{text}}}" if found["media"] else text

    return IMPORT.sub(topic, sheet.read_text(encoding="utf-8"))


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed and compressed (whitenoise); a page loads one sheet of ours instead of ten."""

    # Without it a module that is imported by two others would exist twice: once under its plain, once under its hashed name.
    support_js_module_import_aggregation = True
    # Only in our own modules: other packages bring scripts whose imports do not name files.
    _js_module_import_aggregation_patterns = (OURS, MODULE_IMPORTS)

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:  # noqa: FBT002  Django's signature
        """Join first, so that the hash is that of the joined sheet."""
        if SHEET in paths and not dry_run:
            source, name = paths[SHEET]
            Path(self.path(SHEET)).write_text(joined(Path(source.path(name))), encoding="utf-8")
            paths = {**paths, SHEET: (self, SHEET)}
        yield from super().post_process(paths, dry_run=dry_run, **options)
