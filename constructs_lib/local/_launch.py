"""The first program of the emulator's process: imports ``constructs_lib`` and nothing beside it.

The emulator's Python may be another than its starter's. A path that leads to the package would lead
to all other packages of the starter's environment too, another botocore among them.
"""

import importlib.util
import sys
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def _import_package() -> None:
    spec = importlib.util.spec_from_file_location(
        _PACKAGE.name, _PACKAGE / "__init__.py", submodule_search_locations=[str(_PACKAGE)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{_PACKAGE} is no package")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_PACKAGE.name] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    _import_package()

    from constructs_lib.local._serve import main

    main()
