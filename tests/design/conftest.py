"""The gallery, built once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import browser  # noqa: F401  a fixture
from tests.design import site


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with every page and the collected static files."""
    folder = tmp_path_factory.mktemp("gallery")
    site.build(folder)
    return folder


@pytest.fixture(scope="session")
def address(gallery: Path) -> Iterator[str]:
    """Where the gallery is served."""
    with site.served(gallery) as found:
        yield found
