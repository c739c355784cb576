"""Requests with one address take turns, so that it is the second one that is refused."""

from collections.abc import Collection, Sequence

from constructs_lib.demo.inputs import SignUpRequest


def may_start(
    requests: Sequence[SignUpRequest], *, started: Collection[int], finished: Collection[int]
) -> Sequence[int]:
    """Indexes of the requests that no earlier, unfinished request with their address holds up."""
    busy: set[str] = set()
    free = []
    for index, request in enumerate(requests):
        if index in finished:
            continue
        if index not in started and request.normalized_email not in busy:
            free.append(index)
        busy.add(request.normalized_email)
    return free
