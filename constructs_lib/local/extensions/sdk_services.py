"""The AWS services under the names that Step Functions' SDK integrations give them.

Nothing here is typed by hand: botocore's models say which services and operations there are. Step
Functions takes its names from the AWS SDK for Java 2: ``SESv2`` is ``sesv2`` in a task's resource
and ``SesV2`` in an error's name; an error always ends in ``Exception``, and one that the model does
not declare has the service's own name (``DynamoDb.DynamoDbException``).
Source: ``CodegenNamingUtils`` and ``DefaultNamingStrategy`` of the AWS SDK for Java 2.
"""

import difflib
import functools
import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import botocore.session
from botocore.model import OperationModel, ServiceModel, StructureShape

# The service id stands in the first lines of a model; whole models of all services take seconds.
_MODEL_HEAD_CHARACTERS = 4000
_SERVICE_ID = re.compile(r'"serviceId"\s*:\s*"([^"]+)"')


@dataclass(frozen=True)
class SdkService:
    """A service: its name at botocore, in error names (``SesV2``), and its model."""

    botocore_name: str
    error_prefix: str
    model: ServiceModel

    def operation(self, action: str) -> OperationModel | None:
        """The operation of a task's action (``sendEmail``), if there is one."""
        name = action[:1].upper() + action[1:]
        # Step Functions takes actions in lower camel case only.
        if name == action or name not in self.model.operation_names:
            return None
        return self.model.operation_model(name)

    def nearest_actions(self, action: str) -> list[str]:
        """Existing actions that resemble one that does not exist."""
        actions = [name[0].lower() + name[1:] for name in self.model.operation_names]
        return difflib.get_close_matches(action, actions)

    def error_name(self, code: str) -> str:
        """What Step Functions calls an error that came over the wire as ``code``."""
        # Both come qualified: com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException.
        name = self._modelled_errors.get(code.rsplit("#", 1)[-1], self.error_prefix)
        name = java_name(re.sub("(Exception|Fault)$", "", name))
        return f"{self.error_prefix}.{name}Exception"

    @property
    def _modelled_errors(self) -> dict[str, str]:
        # The Query protocol has codes that differ from the names of the shapes.
        names = {shape.name: shape.name for shape in self.model.error_shapes}
        codes = {
            cast(StructureShape, shape).error_code: shape.name for shape in self.model.error_shapes
        }
        return {**names, **{code: name for code, name in codes.items() if code}}


@functools.cache
def find(name: str) -> SdkService | None:
    """The service of that Step Functions name (``cognitoidentityprovider``), if botocore has it."""
    for botocore_name, service_id in _service_ids(name):
        error_prefix = java_name(service_id).removesuffix("Service")
        if error_prefix.lower() == name:
            return SdkService(
                botocore_name, error_prefix, _models().get_service_model(botocore_name)
            )
    return None


@functools.cache
def java_name(name: str) -> str:
    """A name of AWS's models as the SDK for Java writes it: ``DBClusters`` is ``DbClusters``."""
    words = re.sub("[^A-Za-z0-9]+", " ", name)
    words = re.sub("([^a-z]{2,})v([0-9]+)", r"\1 v\2 ", words)
    words = re.sub("([^A-Z]{2,})V([0-9]+)", r"\1 V\2 ", words)
    words = re.sub("(?<=[a-z])(?=[A-Z][a-zA-Z0-9])", " ", words)
    words = re.sub("([A-Z]+)([A-Z][a-z])", r"\1 \2", words)
    words = re.sub("([0-9])([a-zA-Z])", r"\1 \2", words)
    return "".join(word.capitalize() for word in words.split())


@functools.cache
def _models() -> botocore.session.Session:
    return botocore.session.get_session()


def _service_ids(wanted: str) -> Iterator[tuple[str, str]]:
    """Every service of botocore with its id; the likely one first, so that reading ends early."""
    loader = _models().get_component("data_loader")
    for name in sorted(loader.list_available_services("service-2"), key=lambda n: n != wanted):
        if service_id := _service_id(loader.search_paths, name):
            yield name, service_id


@functools.cache
def _read_head(path: Path) -> str:
    with gzip.open(path, "rt", encoding="utf-8") as model:
        return model.read(_MODEL_HEAD_CHARACTERS)


def _service_id(search_paths: list[str], name: str) -> str | None:
    for folder in search_paths:
        # Versions are dates: the last is the newest.
        for path in sorted(Path(folder, name).glob("*/service-2.json.gz"), reverse=True):
            found = _SERVICE_ID.search(_read_head(path))
            return found[1] if found else None
    return None
