"""What Duet adds to MiniStack, one upstream gap a file; each has a canary test.

Importing this package does not import MiniStack; ``register_all`` does.
"""

from constructs_lib.local.extensions.pin import MINISTACK_VERSION
from constructs_lib.local.extensions.registry import register_all

__all__ = ["MINISTACK_VERSION", "register_all"]
