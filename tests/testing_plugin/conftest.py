"""The assembly that the plugin's own fixtures deploy in these tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.testing_plugin.shop import write_shop


@pytest.fixture(scope="session")
def duet_assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shop(tmp_path_factory.mktemp("shop"))
