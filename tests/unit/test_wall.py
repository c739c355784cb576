"""The two halves never load each other, and exported names change on purpose only."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE_FOLDER = Path(__file__).parent.parent.parent / "constructs_lib"
CONSTRUCTS = ("orchestration", "choreography", "hybrid", "observability", "validation")
TOOLS = ("local", "testing", "insight", "demo", "operations", "commands", "cli", "pytest_plugin")
# The tools, those that know of no other first.
LAYERS = (
    ("local",),
    ("operations",),
    ("insight",),
    ("demo", "testing"),
    ("commands", "pytest_plugin"),
    ("cli",),
)
# Ground of both halves.
NEUTRAL = (
    "contracts",
    "counted",
    "event_patterns",
    "names",
    "partners",
    "rules",
    "service_models",
    "states_language",
    "templates",
)
NODE_STARTERS = {"aws_cdk", "jsii", "constructs"}

EXPORTED_NAMES = {
    "constructs_lib.orchestration": {
        "BulkSignUp",
        "ConfirmEmail",
        "FailureNotice",
        "ForgetUser",
        "MailTemplate",
        "PublishEvent",
        "RetryPolicy",
        "Saga",
        "SagaStep",
        "SdkTask",
        "SignUpMail",
        "SignUpWorkflow",
        "TicketTriage",
        "Workflow",
        "WorkflowRelease",
        "passwordless_user_pool",
        "users_table",
    },
    "constructs_lib.choreography": {
        "AUTH0",
        "DATADOG",
        "FRESHWORKS",
        "KNOWN_PARTNERS",
        "MONGODB",
        "OKTA",
        "SALESFORCE",
        "SHOPIFY",
        "STRIPE",
        "ApiEndpoint",
        "AppEventBus",
        "ConsumerQueue",
        "EventArchive",
        "EventConsumer",
        "EventSchemas",
        "LogGroupTarget",
        "PartnerEventBus",
        "PartnerSource",
        "PipeTarget",
        "QueueConsumer",
        "QueuePipe",
        "Replay",
        "StreamPipe",
        "StreamReading",
        "Subscription",
    },
    "constructs_lib.contracts": {
        "BreakingChange",
        "EventContract",
        "PutEventsEntry",
        "assert_compatible",
        "asyncapi_document",
        "breaking_changes",
        "registry_schema",
    },
    "constructs_lib.partners": {
        "AUTH0",
        "DATADOG",
        "FRESHWORKS",
        "KNOWN_PARTNERS",
        "MONGODB",
        "OKTA",
        "SALESFORCE",
        "SHOPIFY",
        "STRIPE",
        "Evidence",
        "EvidenceOfFields",
        "PartnerSource",
        "SampleEvent",
        "SourceNameForm",
    },
    "constructs_lib.states_language": {
        "Diagnostic",
        "check_definition",
        "is_expression",
        "parsed_timestamp",
    },
    "constructs_lib.hybrid": {"WorkflowTrigger"},
    "constructs_lib.insight": {"InsightError", "load"},
    "constructs_lib.insight.findings": {
        "RULES",
        "SEVERITIES",
        "Finding",
        "FindingRule",
        "Hit",
        "Severity",
        "find_all",
    },
    "constructs_lib.testing.deployed": {
        "Duet",
        "ExpectationError",
        "Message",
        "PublishedEvent",
        "StartedWorkflow",
        "WorkflowResult",
    },
    "constructs_lib.observability": {
        "AlarmTopic",
        "BusLogs",
        "EventFlow",
        "EventFlowAlarms",
        "FunctionAlarms",
        "OperationsDashboard",
        "QueueAlarms",
        "WorkflowAlarms",
        "WorkflowLogs",
    },
}


def _files(halves: tuple[str, ...]) -> list[Path]:
    return [
        path
        for half in halves
        for path in sorted(
            [*(PACKAGE_FOLDER / half).rglob("*.py"), *PACKAGE_FOLDER.glob(f"{half}.py")]
        )
    ]


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def _half_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if parts[0] == "constructs_lib" and len(parts) > 1 else ""


def test_every_module_belongs_to_one_half_or_to_the_neutral_ground() -> None:
    known = _files((*CONSTRUCTS, *TOOLS, *NEUTRAL))

    assert set(PACKAGE_FOLDER.rglob("*.py")) == {*known, PACKAGE_FOLDER / "__init__.py"}


@pytest.mark.parametrize("path", _files(TOOLS), ids=str)
def test_a_tool_imports_neither_cdk_nor_a_construct(path: Path) -> None:
    imports = _imports(path)

    assert not {name for name in imports if name.split(".")[0] in NODE_STARTERS}
    assert not {name for name in imports if _half_of(name) in CONSTRUCTS}


@pytest.mark.parametrize("path", _files(CONSTRUCTS), ids=str)
def test_a_construct_imports_no_tool(path: Path) -> None:
    imports = _imports(path)

    assert not {name for name in imports if _half_of(name) in TOOLS}
    assert {name.split(".")[0] for name in imports} <= (
        NODE_STARTERS | set(sys.stdlib_module_names) | {"constructs_lib", "botocore"}
    )


@pytest.mark.parametrize("number", range(len(LAYERS)), ids=["/".join(each) for each in LAYERS])
def test_tools_import_only_those_below_them(number: int) -> None:
    own = LAYERS[number]
    below = {half for layer in LAYERS[:number] for half in layer}

    for half in own:
        imported = {_half_of(name) for path in _files((half,)) for name in _imports(path)}
        assert imported & set(TOOLS) <= {half, *below}


def test_what_another_package_uses_has_a_public_name() -> None:
    private = {
        (half, name)
        for half in (*CONSTRUCTS, *TOOLS, *NEUTRAL)
        for path in _files((half,))
        for name in _imports(path)
        if "._" in name and _half_of(name) not in ("", half)
    }

    assert private == set()


@pytest.mark.parametrize("path", _files(NEUTRAL), ids=str)
def test_the_neutral_ground_imports_neither_half(path: Path) -> None:
    imports = _imports(path)

    assert {_half_of(name) for name in imports} <= {"", *NEUTRAL}
    assert {name.split(".")[0] for name in imports} <= {
        *sys.stdlib_module_names,
        "constructs_lib",
        "pydantic",
        "pydantic_core",
        "botocore",
        # Only inside the method that makes a model for it.
        "aws_lambda_powertools",
    }


@pytest.mark.parametrize("half", [*TOOLS, *NEUTRAL])
def test_loading_a_tool_or_a_contract_does_not_start_node(half: str) -> None:
    program = (
        f"import constructs_lib.{half}, sys; print(sorted({NODE_STARTERS!r} & sys.modules.keys()))"
    )

    printed = subprocess.run(  # noqa: S603 - this Python, a fixed program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert printed.strip() == "[]"


def test_loading_the_constructs_loads_no_tool() -> None:
    modules = ", ".join(f"constructs_lib.{half}" for half in CONSTRUCTS)
    program = (
        f"import {modules}, sys; "
        "print([m for m in sys.modules if m.split('.')[0] in "
        "{'aws_lambda_powertools', 'boto3', 'ministack', 'moto', 'rich', 'typer'}])"
    )

    printed = subprocess.run(  # noqa: S603 - this Python, a fixed program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert printed.strip() == "[]"


@pytest.mark.parametrize("package", EXPORTED_NAMES)
def test_a_package_exports_the_names_listed_here(package: str) -> None:
    assert set(importlib.import_module(package).__all__) == EXPORTED_NAMES[package]
