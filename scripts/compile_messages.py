"""Puts the compiled translations into the wheel; in a checkout `make` compiles them."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileMessages(BuildHookInterface[Any]):
    """Every platform/config/locale/*/LC_MESSAGES/*.po, compiled beside the checkout and not in it."""

    folder: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the compiled files to the builder. An editable install reads the checkout and gets none."""
        if version == "editable":
            return
        platform = Path(self.root) / "platform"
        self.folder = Path(tempfile.mkdtemp(prefix="rufverbund-build-"))
        for source in sorted(platform.glob("config/locale/*/LC_MESSAGES/*.po")):
            compiled = self.folder / f"{source.parent.parent.name}.mo"
            with source.open("rb") as po, compiled.open("wb") as mo:
                write_mo(mo, read_po(po))
            build_data["force_include"][str(compiled)] = str(source.relative_to(platform).with_suffix(".mo"))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Leave nothing behind."""
        if self.folder:
            shutil.rmtree(self.folder)
