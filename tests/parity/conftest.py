"""All cases are asked once, on one embedded AWS on which nothing waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from constructs_lib.local import EmbeddedAws
from tests.parity.case_files import own_cases, shared_cases
from tests.parity.questions import Outcome, Questions


@pytest.fixture(scope="session")
def outcomes() -> Iterator[list[Outcome]]:
    # Recordings have this account.
    with (
        EmbeddedAws(time_scale=0, account_id="111111111111") as aws,
        closing(Questions(aws)) as questions,
    ):
        yield questions.ask([*own_cases(), *shared_cases()])
