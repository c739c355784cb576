"""Golden files: what is synthesized must be what is committed; only `make golden` writes them."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

GOLDEN_FOLDER = Path(__file__).parent
MUST_WRITE = os.environ.get("DUET_WRITE_GOLDEN") == "1"
_ASSET_FILE = re.compile(r"\b[0-9a-f]{64}(?=\.(zip|json)\b)")
_FUNCTION_VERSION = re.compile(r"(?<=CurrentVersion[0-9A-F]{8})[0-9a-f]{32}")


def readable(document: Mapping[str, object]) -> str:
    """Pretty JSON with asset keys and version hashes masked, and nothing else."""
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return _FUNCTION_VERSION.sub("VERSION-HASH", _ASSET_FILE.sub("ASSET-HASH", text))


def assert_golden(
    name: str, document: Mapping[str, object], *, folder: Path = GOLDEN_FOLDER
) -> None:
    """Compare a document with its golden file, or write the file under `make golden`."""
    path = folder / name
    if MUST_WRITE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(readable(document), encoding="utf-8")
    assert path.exists(), f"{name} has no golden file; run `make golden` and read its diff"
    assert readable(document) == path.read_text(encoding="utf-8"), (
        f"{name} changed; if that is meant, run `make golden` and explain the diff"
    )
