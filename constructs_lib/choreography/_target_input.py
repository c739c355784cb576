"""What EventBridge takes as the input of a target."""

import re
from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_events as events

from constructs_lib.validation import ConfigError

_MAX_TEXT = 8192
_MAX_PATH = 256
_MAX_PATHS = 100
_PREDEFINED = re.compile(
    r"aws\.events\.(rule-arn|rule-name|event|event\.json|event\.ingestion-time)"
)


def check_target_input(rule: events.Rule, given: events.RuleTargetInputProperties) -> None:
    """Refuse an input that PutTargets refuses; what only the deployment knows passes.

    Raises:
        ConfigError: Text or path too long, too many paths, a path in brackets, or a placeholder
            without its path.
    Source: EventBridge API reference, Target and InputTransformer (read 2026-11-23).
    """
    resolve = Stack.of(rule).resolve
    _check_length("input", resolve(given.input), _MAX_TEXT)
    _check_path(resolve(given.input_path))
    template, paths = resolve(given.input_template), resolve(given.input_paths_map)
    if template is None:
        return
    _check_length("input template", template, _MAX_TEXT)
    paths = paths if isinstance(paths, Mapping) else {}
    if len(paths) > _MAX_PATHS:
        raise ConfigError(
            f"target's input must use at most {_MAX_PATHS} paths of the event, got {len(paths)}; "
            "pass a whole object of the event in place of its fields"
        )
    for path in paths.values():
        _check_path(path)
    if isinstance(template, str):
        _check_placeholders(template, paths)


def _check_length(what: str, text: object, maximum: int) -> None:
    if isinstance(text, str) and len(text) > maximum:
        raise ConfigError(
            f"target's {what} must be at most {maximum} characters, got {len(text)}; "
            "pass an identifier and let the target look the rest up"
        )


def _check_path(path: object) -> None:
    _check_length("input path", path, _MAX_PATH)
    if isinstance(path, str) and not re.fullmatch(r"\$(\.[^.\[\]]+|\[([0-9]+|\*)\])*", path):
        raise ConfigError(
            f"target's input path must be '$' and names after dots, got {path!r}; "
            "write for example '$.detail.userId', without ['…']"
        )


def _check_placeholders(template: str, paths: Mapping[str, object]) -> None:
    for name in re.findall(r"<([A-Za-z0-9_.\-]+)>", template):
        if name not in paths and not _PREDEFINED.fullmatch(name):
            raise ConfigError(
                f"target's input template must have a path for <{name}>, got {sorted(paths)}; "
                "use EventField, or write the sign < otherwise: EventBridge refuses the template"
            )
