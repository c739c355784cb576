"""The one MiniStack version that the extensions are written and tested against.

They hook into private names, so another version is refused at start rather than half working.
``pyproject.toml`` (extra ``local``) pins the same version.
"""

MINISTACK_VERSION = "1.5.33"
