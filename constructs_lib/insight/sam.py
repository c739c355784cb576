"""SAM templates become CloudFormation by AWS's own translator, in process and without AWS.

Local files take part: a ``DefinitionUri`` that is a path is followed later like an asset. Loaded
only for a template that has the transform.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from typing import Any, TypeGuard

from constructs_lib.insight.errors import InsightError
from constructs_lib.insight.language_extensions import LANGUAGE_EXTENSIONS
from constructs_lib.insight.template_stack import TemplateStack
from constructs_lib.templates.json_value import JsonValue

SAM = "AWS::Serverless-2016-10-31"
#: Where local files seem to lie while SAM looks at the template; nothing is ever sent there.
LOCAL_BUCKET = "local-file"
_REGION = "us-east-1"
_FILES: Mapping[str, tuple[str, ...]] = {
    "AWS::Serverless::Api": ("DefinitionUri",),
    "AWS::Serverless::Function": ("CodeUri",),
    "AWS::Serverless::GraphQLApi": ("SchemaUri",),
    "AWS::Serverless::HttpApi": ("DefinitionUri",),
    "AWS::Serverless::LayerVersion": ("ContentUri",),
    "AWS::Serverless::StateMachine": ("DefinitionUri",),
}
#: What a plain state machine calls the properties of SAM's.
_PLAIN_NAMES = {
    "DefinitionUri": "DefinitionS3Location",
    "Logging": "LoggingConfiguration",
    "Name": "StateMachineName",
    "Role": "RoleArn",
    "Tracing": "TracingConfiguration",
    "Type": "StateMachineType",
}
_MALFORMED = (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError)
_MOST_ATTEMPTS = 20
#: Begins the value that a parameter without one has while SAM looks at the template.
_UNSET = "DuetUnset"


def transformed(stack: TemplateStack, note: Callable[[str], None]) -> TemplateStack:
    """The stack with its transform applied; as it is where it has another transform or none.

    Args:
        note: Takes what the translator refuses; such resources stay as they were written.
    Raises:
        InsightError: The translator is not installed.
    """
    wanted = stack.template.get("Transform")
    for name in wanted if isinstance(wanted, list) else [wanted]:
        if name is not None and name not in (SAM, LANGUAGE_EXTENSIONS):
            note(f"transform {name!r} of {stack.file} runs only in AWS; read without it")
    if wanted != SAM and not (isinstance(wanted, list) and SAM in wanted):
        return stack
    template = _with_files_elsewhere(stack.template)
    kept = _taken_out(template, note, stack.file)
    unset = _unset_parameters(template)
    for _ in range(_MOST_ATTEMPTS):
        result, refused, reasons = _translate(template, {}, stack.file)
        if result is None and unset:
            # SAM wants texts where a template may have a parameter that is given at deployment.
            result, refused, reasons = _translate(template, unset, stack.file)
            if result is not None:
                result = _with_markers(result, unset, frozenset(result.get("Resources", ())))
        for reason in reasons:
            note(reason)
        if result is not None:
            result["Resources"] = {**result.get("Resources", {}), **_plain(kept)}
            return replace(stack, template=result)
        resources = template.get("Resources")
        if not _is_object(resources) or not refused & resources.keys():
            break
        kept |= {name: resources.pop(name) for name in refused & resources.keys()}
        if not resources:
            break
    remaining = template.get("Resources")
    resources = {**(remaining if _is_object(remaining) else {}), **kept}
    return replace(stack, template={**template, "Resources": _plain(resources)})


def _unset_parameters(template: Mapping[str, Any]) -> dict[str, str]:
    """Parameters without a default, with values that SAM takes for names as well."""
    declared = template.get("Parameters")
    return {
        name: f"{_UNSET}{name}"
        for name, one in (declared.items() if _is_object(declared) else ())
        if _is_object(one) and "Default" not in one
    }


def _with_markers(value: Any, unset: Mapping[str, str], ids: Container[str]) -> Any:
    """The translated template with the markers of parameters in place of their values.

    Args:
        ids: Logical ids, of which values may have become parts; they stay.
    """
    if isinstance(value, str):
        # The longest first: one name may begin with another.
        for name in sorted(unset, key=len, reverse=True) if value not in ids else ():
            value = value.replace(unset[name], f"${{{name}}}")
        return value
    if isinstance(value, list):
        return [_with_markers(one, unset, ids) for one in value]
    if isinstance(value, dict):
        return {key: _with_markers(one, unset, ids) for key, one in value.items()}
    return value


def _translate(
    template: Mapping[str, Any], values: Mapping[str, str], file: str
) -> tuple[dict[str, Any] | None, set[str], list[str]]:
    """The translated template, or the logical ids of what is refused; and why it is.

    Args:
        values: Of parameters.
    """
    try:
        import boto3
        from samtranslator.model.exceptions import ExceptionWithMessage, InvalidDocumentException
        from samtranslator.parser.parser import Parser
        from samtranslator.translator.translator import Translator
    except ModuleNotFoundError as missing:
        raise InsightError(
            f"{file} must be translated by the package aws-sam-translator, which is not installed; "
            "run: pip install 'cdk-duet[sam]'"
        ) from missing
    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)
    translator = Translator(None, Parser(), boto_session=boto3.session.Session(region_name=_REGION))
    try:
        translated: dict[str, Any] = translator.translate(
            copy.deepcopy(template), parameter_values=dict(values)
        )
    except InvalidDocumentException as error:
        reasons = [" ".join(cause.message.split()) for cause in error.causes]
        refused = {str(getattr(each, "_logical_id", "")).partition(".")[0] for each in error.causes}
    except ExceptionWithMessage as error:
        reasons, refused = [error.message], set()
    except _MALFORMED as error:
        why = f"{file}: SAM cannot read it ({type(error).__name__}: {error!s:.120})"
        return None, set(), [why]
    else:
        return translated, set(), []
    return None, refused, [f"{file}: SAM refuses it: {reason}" for reason in reasons]


def _with_files_elsewhere(template: Mapping[str, JsonValue]) -> dict[str, Any]:
    """A copy in which local paths look like objects in S3, as SAM wants them."""
    copied: dict[str, Any] = copy.deepcopy(dict(template))
    for resource in _objects(copied.get("Resources")):
        type_ = resource.get("Type")
        if resource.get("Properties") is None:
            resource["Properties"] = {}
        properties = resource["Properties"]
        if _is_object(properties):
            _move_files(properties, str(type_))
            if type_ == "AWS::Serverless::Function":
                _with_code(copied, properties)
    globals_ = copied.get("Globals")
    for name, part in globals_.items() if _is_object(globals_) else ():
        if _is_object(part):
            _move_files(part, f"AWS::Serverless::{name}")
    return copied


def _taken_out(template: dict[str, Any], note: Callable[[str], None], file: str) -> dict[str, Any]:
    """What the translator is not to see: what is no resource, and what it would ask AWS about."""
    resources = template.get("Resources")
    if not _is_object(resources):
        return {}
    taken = {name for name, one in resources.items() if not _is_object(one)}
    for name, one in resources.items():
        if _is_object(one) and one.get("Type") == "AWS::Serverless::Application":
            properties = one.get("Properties")
            location = properties.get("Location") if _is_object(properties) else None
            if not isinstance(location, str):
                taken.add(name)
                note(f"{file}: application {name!r} lies in AWS: what it holds is not known")
    return {name: resources.pop(name) for name in taken}


def _objects(section: object) -> list[dict[str, Any]]:
    values = section.values() if _is_object(section) else ()
    return [value for value in values if _is_object(value)]


def _move_files(properties: dict[str, Any], type_: str) -> None:
    for name in _FILES.get(type_, ()):
        if isinstance(properties.get(name), str):
            properties[name] = _elsewhere(properties[name])


def _with_code(template: Mapping[str, Any], properties: dict[str, Any]) -> None:
    """Code that ``sam build`` would name."""
    globals_ = template.get("Globals")
    in_common = globals_.get("Function") if _is_object(globals_) else None
    shared: dict[str, Any] = in_common if _is_object(in_common) else {}
    if properties.get("PackageType", shared.get("PackageType")) == "Image":
        properties.setdefault("ImageUri", "image")
    elif not {"CodeUri", "InlineCode"} & {*properties, *shared}:
        properties["CodeUri"] = _elsewhere(".")


def _elsewhere(path: str) -> str:
    return path if path.startswith("s3://") else f"s3://{LOCAL_BUCKET}/{path}"


def _plain(resources: Mapping[str, Any]) -> dict[str, Any]:
    """Untranslated state machines in CloudFormation's shape, so that their states are seen."""
    found: dict[str, Any] = {}
    for logical_id, resource in resources.items():
        found[logical_id] = resource
        if not _is_object(resource) or resource.get("Type") != "AWS::Serverless::StateMachine":
            continue
        properties = resource.get("Properties")
        if _is_object(properties):
            renamed = {_PLAIN_NAMES.get(name, name): value for name, value in properties.items()}
            location = renamed.get("DefinitionS3Location")
            if isinstance(location, str):
                key = location.removeprefix("s3://").partition("/")[2]
                renamed["DefinitionS3Location"] = {"Key": key}
            found[logical_id] = {
                **resource,
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": renamed,
            }
    return found


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)
