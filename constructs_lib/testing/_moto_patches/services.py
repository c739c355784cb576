"""The services that tasks call."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from unittest import mock

from joserfc.jwk import RSAKey
from moto.cognitoidp import models as cognito


@functools.cache
def _read_key(text: str) -> RSAKey:
    return RSAKey.import_key(json.loads(text))


@contextmanager
def user_pool_keys() -> Iterator[None]:
    """Gap: moto reads and checks the same signing key anew for each user pool, which takes longer
    than a sign-up."""
    key = SimpleNamespace(import_key=lambda parts: _read_key(json.dumps(parts)))
    with mock.patch.object(cognito, "jwk", SimpleNamespace(RSAKey=key)):
        yield
