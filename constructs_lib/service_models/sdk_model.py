"""What botocore's service models say about an SDK integration of Step Functions.

Step Functions calls AWS through the AWS SDK for Java 2.x, so its service, action and parameter
names are that SDK's, made from the same models by the rules below. Nothing here needs credentials,
a network or the AWS CDK.

Source: Step Functions developer guide, "Learning to use AWS service SDK integrations" with its
table of services; AWS SDK for Java 2.x, code generator, ``DefaultNamingStrategy`` and
``Utils.unCapitalize`` (read 2026-11-23).
"""

import difflib
import gzip
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

from constructs_lib.service_models.iam_actions import (
    HTTP_METHOD_EXCEPTIONS,
    HTTP_METHOD_SERVICES,
    IAM_ACTIONS,
    IAM_PREFIXES,
)

#: Step Functions' name to botocore's, where it is not botocore's without hyphens, so that one model
#: is opened and not all of them. A test compares it with every model; what a later botocore adds is
#: found all the same, only slower. Source: ``serviceId`` in botocore's models (read 2026-11-23).
_BOTOCORE_NAMES: Final[Mapping[str, str]] = {
    "applicationdiscovery": "discovery",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "costandusagereport": "cur",
    "costexplorer": "ce",
    "databasemigration": "dms",
    "directory": "ds",
    "directoryservicedata": "ds-data",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticsearch": "es",
    "eventbridge": "events",
    "iotdataplane": "iot-data",
    "iotjobsdataplane": "iot-jobs-data",
    "lexmodelbuilding": "lex-models",
    "lexmodelsv2": "lexv2-models",
    "lexruntimev2": "lexv2-runtime",
    "marketplacemetering": "meteringmarketplace",
    "migrationhub": "mgh",
    "serverlessapplicationrepository": "serverlessrepo",
    "sfn": "stepfunctions",
    "simpledb": "sdb",
}

#: In the models, but not in Step Functions. Source: Step Functions developer guide, "Unsupported
#: API actions for supported services", as far as the archived source of that page names them (2022,
#: read 2026-11-23); event streams, which are in that table too, are recognized from the model.
_UNSUPPORTED_ACTIONS: Final = frozenset(
    {
        ("comprehendmedical", "DetectEntities"),
        ("efs", "CreateTags"),
        ("emr", "DescribeJobFlows"),
        ("lambda", "InvokeAsync"),
        ("mediapackage", "RotateChannelCredentials"),
        ("rdsdata", "ExecuteSql"),
        ("shield", "DeleteSubscription"),
    }
)

#: Members that the SDK for Java renames by hand. Source: its ``customization.config`` for DynamoDB
#: (read 2026-11-23). The other members of that shape follow the rule: aws-sdk-js issue 4294 shows
#: "Bool" where DynamoDB says "BOOL".
_RENAMED_MEMBERS: Final[Mapping[tuple[str, str], str]] = {("AttributeValue", "NULL"): "Nul"}

#: A member named like a word of Java gets "Value" appended; the guide names "EqualsValue" only.
_JAVA_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        """
        abstract assert boolean break byte case catch char class const continue default do double
        else enum extends false final finally float for goto if implements import instanceof int
        interface long native new null package private protected public return short static strictfp
        super switch synchronized this throw throws transient true try void volatile while

        equals finalize getClass hashCode notify notifyAll toString wait
        builder sdkFields toBuilder overrideConfiguration sdkHttpResponse
        """,
    )
)

_JSONATA_TASK_TOKEN: Final = "$states.context.Task.Token"  # noqa: S105 - a path, no secret
_JSON_PATH_TASK_TOKEN: Final = "$$.Task.Token"  # noqa: S105 - a path, no secret
_NOT_COLLECTIONS: Final = frozenset({"boolean", "double", "float", "integer", "long", "timestamp"})
_SERVICE_RULE: Final = "be Step Functions' name of an AWS service"


class ModelMismatchError(ValueError):
    """An argument does not fit the service model."""

    def __init__(self, argument: str, rule: str, value: object, remedy: str) -> None:
        super().__init__(f"{argument} must {rule}, got {value!r}; {remedy}")


def service_name(service_id: str) -> str:
    """Name a service as Step Functions does: ``Directory Service`` is ``directory``."""
    letters = re.sub(r"[^a-z0-9]", "", service_id.lower())
    return re.sub(r"^(amazon|aws)|service$", "", letters)


def uncapitalize(name: str) -> str:
    """Turn leading capitals small as the SDK for Java does: ``DBName`` becomes ``dbName``."""
    end = 1
    while end < len(name) and name[end].isupper() and not name[end + 1 : end + 2].islower():
        end += 1
    return name[:end].lower() + name[end:]


def member_names(shape: StructureShape) -> dict[str, Shape]:
    """Map the parameter names that Step Functions takes to the members of ``shape``."""
    names = {}
    for member, member_shape in shape.members.items():
        renamed = _RENAMED_MEMBERS.get((shape.name, member))
        name = uncapitalize(renamed or member)
        if not renamed and (name in _JAVA_WORDS or name.lower() in _JAVA_WORDS):
            names[_capitalize(name + "Value")] = member_shape
            if name == "equals":
                continue
            # Only "EqualsValue" is documented, so the plain name of the other words stands too.
        names[_capitalize(name)] = member_shape
    return names


def find_service(service: str) -> ServiceModel:
    """Open the model of the service that Step Functions calls ``service``.

    Raises:
        ModelMismatchError: There is none, or ``service`` is another SDK's name for it.
    """
    text = str(service)
    names = _likely_names()
    botocore_name = names.get(text) or names.get(service_name(text)) or all_services().get(text)
    if botocore_name is None:
        raise ModelMismatchError("service", _SERVICE_RULE, service, f"pass {_service_like(text)}")
    model = load_service(botocore_name)
    name = service_name(str(model.service_id))
    if name != service:
        raise ModelMismatchError("service", _SERVICE_RULE, service, f"pass {name!r}")
    return model


def find_action(service: str, action: str) -> OperationModel:
    """Look up ``action``, in camelCase as Step Functions wants it.

    Raises:
        ModelMismatchError: The service or the action is unknown or cannot be called by a workflow.
    """
    model = find_service(service)
    by_name = {uncapitalize(name): name for name in model.operation_names}
    if action not in by_name:
        raise ModelMismatchError(
            "action",
            f"be an API action of {service} in camelCase",
            action,
            f"pass {nearest(action, by_name)}",
        )
    operation = model.operation_model(by_name[action])
    if (
        (service, operation.name) in _UNSUPPORTED_ACTIONS
        or operation.has_event_stream_input
        or operation.has_event_stream_output
    ):
        raise ModelMismatchError(
            "action",
            "be one that Step Functions can call",
            action,
            "call it from a Lambda function, or take an action that answers in one piece",
        )
    return operation


def iam_actions(service: str, operation: OperationModel) -> tuple[str, ...]:
    """Name the IAM actions that every call of ``operation`` needs."""
    prefix = IAM_PREFIXES.get(service, operation.service_model.signing_name)
    named = IAM_ACTIONS.get(service, {}).get(operation.name)
    if named is None:
        by_method = service in HTTP_METHOD_SERVICES and not HTTP_METHOD_EXCEPTIONS.search(
            operation.name
        )
        named = (str(operation.http["method"]) if by_method else operation.name,)
    return tuple(action if ":" in action else f"{prefix}:{action}" for action in named)


@dataclass(frozen=True, kw_only=True)
class ParameterCheck:
    """Compare the parameters of one task with the model.

    Args:
        jsonata: Whether the task's query language is JSONata; else it is JSONPath.
        is_dynamic: Tells values that are known only later: CDK tokens.
    """

    jsonata: bool
    is_dynamic: Callable[[object], bool]

    def check(self, operation: OperationModel, parameters: Mapping[str, object]) -> None:
        """Refuse unknown names, missing required parameters and values of another kind.

        Raises:
            ModelMismatchError: The first one found, with its place.
        """
        if operation.input_shape is not None:
            self._check(operation.input_shape, parameters, "parameters")
        elif parameters:
            raise ModelMismatchError(
                "parameters",
                "be empty, because the action takes none",
                sorted(parameters),
                "leave them out",
            )

    def _check(self, shape: Shape, value: object, where: str) -> None:
        if self._is_later(value, where) or getattr(shape, "is_document_type", False):
            return
        if isinstance(shape, StructureShape):
            self._check_structure(shape, _mapping(value, where), where)
        elif isinstance(shape, MapShape):
            for key, entry in _mapping(value, where).items():
                if not self._is_path(key, where):
                    self._check(shape.value, entry, f"{where}.{key}")
        elif isinstance(shape, ListShape):
            if not isinstance(value, list | tuple):
                raise ModelMismatchError(where, "be a list", value, "pass a list")
            for index, entry in enumerate(value):
                self._check(shape.member, entry, f"{where}[{index}]")
        elif shape.type_name in _NOT_COLLECTIONS and isinstance(value, Mapping | list | tuple):
            raise ModelMismatchError(
                where, f"be a single {shape.type_name}", value, "pass the value alone"
            )

    def _check_structure(
        self, shape: StructureShape, value: Mapping[str, object], where: str
    ) -> None:
        known = member_names(shape)
        given = []
        for key, entry in value.items():
            is_path = self._is_path(key, where)
            name = key.removesuffix(".$") if is_path else key
            if name not in known:
                raise ModelMismatchError(
                    where,
                    f"name parameters of {shape.name} as Step Functions does, in PascalCase",
                    name,
                    f"pass {_parameter_like(name, shape, known)}" if known else "leave it out",
                )
            given.append(known[name])
            if not is_path:
                self._check(known[name], entry, f"{where}.{name}")
        for member in shape.required_members:
            member_shape = shape.members[member]
            # The SDK fills in idempotency tokens.
            if member_shape not in given and not member_shape.metadata.get("idempotencyToken"):
                name = next(name for name, found in known.items() if found is member_shape)
                raise ModelMismatchError(
                    where,
                    f"contain {name!r}, which {shape.name} requires",
                    sorted(value),
                    f"add {name!r}",
                )

    def _is_path(self, key: object, where: str) -> bool:
        if not isinstance(key, str):
            raise ModelMismatchError(where, "have text as keys", key, "pass the name as text")
        if key.endswith(".$") and self.jsonata:
            raise ModelMismatchError(
                where,
                "have no JSONPath keys while the query language is JSONata",
                key,
                f"write {{{key.removesuffix('.$')!r}: '{{% … %}}'}}, or choose JSONPath",
            )
        return key.endswith(".$")

    def _is_later(self, value: object, where: str) -> bool:
        if isinstance(value, str) and value.startswith("{%") and value.endswith("%}"):
            if not self.jsonata:
                raise ModelMismatchError(
                    where,
                    "hold no JSONata while the query language is JSONPath",
                    value,
                    "write a key that ends in '.$', or choose JSONata",
                )
            return True
        return value is None or self.is_dynamic(value)

    def mentions_task_token(self, value: object, *, key: str = "") -> bool:
        """Tell whether the task token of the workflow goes out with ``value``."""
        if isinstance(value, Mapping):
            return any(self.mentions_task_token(entry, key=name) for name, entry in value.items())
        if isinstance(value, list | tuple):
            return any(self.mentions_task_token(entry) for entry in value)
        if not isinstance(value, str):
            return False
        if self.jsonata:
            return value.startswith("{%") and _JSONATA_TASK_TOKEN in value
        return key.endswith(".$") and _JSON_PATH_TASK_TOKEN in value


def nearest(name: object, known: Collection[str]) -> str:
    """List the three names most like ``name``, or the one that differs from it in case only."""
    by_fold = {candidate.lower(): candidate for candidate in sorted(known)}
    folded = str(name).lower()
    matches = [folded] if folded in by_fold else _close_matches(folded, by_fold)
    return " or ".join(repr(by_fold[match]) for match in matches)


def _parameter_like(name: str, shape: StructureShape, known: Mapping[str, Shape]) -> str:
    """Translate the name that other SDKs use for a member, or list the nearest names."""
    for member, member_shape in shape.members.items():
        if member.lower() == name.lower():
            return repr(next(right for right, found in known.items() if found is member_shape))
    return nearest(name, known)


def _close_matches(name: str, known: Collection[str]) -> list[str]:
    return difflib.get_close_matches(name, known) or difflib.get_close_matches(
        name, known, cutoff=0.0
    )


@cache
def load_service(botocore_name: str) -> ServiceModel:
    """Open one of the models that come with botocore, whatever models the user keeps besides."""
    return ServiceModel(_loader().load_service_model(botocore_name, "service-2"), botocore_name)


@cache
def all_services() -> Mapping[str, str]:
    """Map Step Functions' names to botocore's, for every service that botocore knows."""
    names: dict[str, str] = {}
    for botocore_name in _loader().list_available_services("service-2"):
        names.setdefault(service_name(_service_id(botocore_name)), botocore_name)
    return names


def _service_id(botocore_name: str) -> str:
    # The id stands in the first lines: 434 whole models take seconds, their heads 0.2 s.
    version = _loader().determine_latest_version(botocore_name, "service-2")
    path = Path(Loader.BUILTIN_DATA_PATH, botocore_name, version, "service-2.json.gz")
    if path.exists():
        with gzip.open(path) as model:
            found = re.search(rb'"serviceId"\s*:\s*"([^"]+)"', model.read(4096))
        if found:
            return found[1].decode()
    return str(load_service(botocore_name).service_id)


def _loader() -> Loader:
    return Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


@cache
def _likely_names() -> Mapping[str, str]:
    folders = _loader().list_available_services("service-2")
    return {**{folder.replace("-", ""): folder for folder in folders}, **_BOTOCORE_NAMES}


def _service_like(service: str) -> str:
    """List the three services whose name here or in botocore is most like ``service``."""
    names = {other: name for name, other in all_services().items()}
    names.update({name: name for name in all_services()})
    matches = _close_matches(service.lower(), names)
    return " or ".join(repr(name) for name in dict.fromkeys(names[match] for match in matches))


def _mapping(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ModelMismatchError(where, "be an object of named values", value, "pass a dict")
    return value


def _capitalize(name: str) -> str:
    return name[:1].upper() + name[1:]
