"""No upstream gap, but Duet's own: bucket names are free in each account that was handed out.

On AWS, and so in MiniStack, a bucket's name is taken for everybody. Tests that run side by side
deploy the same names. An account that ``accounts`` has handed out sees its own buckets alone, and
no other account sees them; all others share their names as on AWS.
"""

from collections.abc import Callable

from ministack.core.responses import get_account_id
from ministack.services import s3

from constructs_lib.local.extensions import accounts

_Owner = Callable[[str], str | None]


def register() -> None:
    """Look for the owner of a bucket in the caller's account first, and there alone if need be."""
    s3._bucket_owner_account = _within(s3._bucket_owner_account)


def _within(owner: _Owner) -> _Owner:
    def owner_within(name: str) -> str | None:
        here = get_account_id()
        if name in s3._buckets:
            return str(here)
        found = None if accounts.was_handed_out(here) else owner(name)
        return None if found and accounts.was_handed_out(found) else found

    return owner_within
