"""The one MiniStack version that the extensions are written and tested against.

They hook into private names, so another version is refused at start rather than half working.
``pyproject.toml`` pins the same version (extra and dependency group ``emulator``).
"""

MINISTACK_VERSION = "1.5.33"
#: What that MiniStack requires, exactly.
BOTOCORE_VERSION = "1.43.106"
