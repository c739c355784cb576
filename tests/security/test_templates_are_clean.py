"""cfn-lint and cdk-nag find nothing in the templates but what the tables here give a reason for."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from aws_cdk import App, Stack
from aws_cdk import aws_s3 as s3
from cfnlint.api import ManualArgs, lint_by_config  # type: ignore[import-untyped]  # publishes none

from tests.security.assemblies import Assembly, NagFinding, synthesize


@dataclass(frozen=True, kw_only=True)
class LintException:
    """A cfn-lint rule that a resource type may break."""

    rule: str
    resource_type: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class LintFinding:
    """A cfn-lint rule that a resource breaks."""

    rule: str
    resource_type: str
    message: str


@dataclass(frozen=True, kw_only=True)
class NagException:
    """An AwsSolutions rule, and what it names, that the constructs of a path may break."""

    rule: str
    subject: str = ""
    construct_path: str
    reason: str


_ROLE_POLICY_FIRST = (
    "CDK lets the resource wait for its role and for the role's policy in one list; the role is "
    "redundant there, the policy is not"
)
LINT_EXCEPTIONS = (
    LintException(rule="W3005", resource_type="AWS::Lambda::Function", reason=_ROLE_POLICY_FIRST),
    LintException(
        rule="W3005", resource_type="AWS::StepFunctions::StateMachine", reason=_ROLE_POLICY_FIRST
    ),
    LintException(
        rule="W7001",
        resource_type="",
        reason="CDK's Firehose module adds its mapping of address ranges even to a stack that only "
        "refers to a stream",
    ),
)

_NO_RESOURCE = (
    "AWS defines no resource for X-Ray's and for the log delivery actions; "
    "test_permissions_are_narrow lists them one by one"
)
_CHOSEN_AT_START = "the object or execution is chosen when the workflow runs; its owner is named"
_STATES_ARN = "Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:"
_OWN_NAME = '{"Fn::Select":[6,{"Fn::Split":[":",{"Ref":"ItWorkflow8042ADD5"}]}]}'
NAG_EXCEPTIONS = (
    *(
        NagException(
            rule="AwsSolutions-IAM5",
            subject=subject,
            construct_path="BulkSignUp/It/Workflow/*",
            reason=_CHOSEN_AT_START,
        )
        for subject in (
            "Resource::arn:<AWS::Partition>:s3:::callers-bucket/*",
            "Resource::arn:<AWS::Partition>:s3:::callers-bucket/sign-up-reports/*",
            f"{_STATES_ARN}callers-workflow*",
            f"{_STATES_ARN}callers-workflow:*",
            f"{_STATES_ARN}{_OWN_NAME}:*",
            f"{_STATES_ARN}{_OWN_NAME}/Rows:*",
        )
    ),
    *(
        NagException(
            rule="AwsSolutions-IAM5",
            subject=f"Resource::arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:{name}",
            construct_path=path,
            reason="replay and rules are chosen when the workflow runs; the prefix of its replays "
            "and the bus of the rules are named",
        )
        for path, name in (
            ("Replay/It/Workflow/*", "replay/Replay-It-6534E9BF-*"),
            ("Replay/It/Workflow/*", "rule/callers-bus/*"),
            ("DuetChoreography/Replay/Workflow/*", "replay/DuetChoreogphy-Replay-706BC6DE-*"),
            ("DuetChoreography/Replay/Workflow/*", "rule/<AppBusDB0927FF>/*"),
        )
    ),
    *(
        NagException(
            rule="AwsSolutions-IAM5",
            subject="Resource::arn:<AWS::Partition>:ses:<AWS::Region>:<AWS::AccountId>:identity/*",
            construct_path=path,
            reason="which identity SES checks depends on the account and, in its sandbox, on the "
            "recipient; another sender's address is denied",
        )
        for path in (
            "SignUpWorkflow/It/Workflow/*",
            "DuetOrchestration/SignUp/Workflow/*",
            "DuetChoreography/SignUp/SendWelcome/*",
        )
    ),
    NagException(
        rule="AwsSolutions-SQS3",
        construct_path="*/DeadLetters/Resource",
        reason="it is the dead-letter queue of a rule's target, pipe or function, which cdk-nag "
        "does not see",
    ),
    NagException(
        rule="AwsSolutions-IAM5",
        subject="Resource::*",
        construct_path="*/Role/DefaultPolicy/Resource",
        reason=_NO_RESOURCE,
    ),
    NagException(
        rule="AwsSolutions-L1",
        construct_path="*/Resource/Resource",
        reason="the runtime is the one for which the Powertools layer was checked; both are raised "
        "together",
    ),
    NagException(
        rule="AwsSolutions-COG2",
        construct_path="*/Identities/Resource",
        reason="a second factor at each sign-in is the application's choice; the users sign in "
        "with a code sent by mail",
    ),
    NagException(
        rule="AwsSolutions-COG8",
        construct_path="*/Identities/Resource",
        reason="the plus plan is paid for per active user; whoever needs it brings a pool",
    ),
)


def _lint(paths: Sequence[Path]) -> Sequence[LintFinding]:
    """The errors and warnings in templates, read in one run: loading the rules takes longest."""
    resources = {
        str(path): json.loads(path.read_text(encoding="utf-8"))["Resources"] for path in paths
    }
    findings = []
    for match in lint_by_config(ManualArgs(templates=list(resources), regions=["us-east-1"])):
        place = [str(part) for part in match.path or []]
        in_resource = place[:1] == ["Resources"] and len(place) > 1
        findings.append(
            LintFinding(
                rule=match.rule.id,
                resource_type=resources[match.filename][place[1]]["Type"] if in_resource else "",
                message=f"{Path(match.filename).name}, {'/'.join(place)}: {match.message}",
            )
        )
    return findings


def _is_explained(finding: LintFinding) -> bool:
    return any(
        (e.rule, e.resource_type) == (finding.rule, finding.resource_type) for e in LINT_EXCEPTIONS
    )


def _covers(exception: NagException, finding: NagFinding) -> bool:
    return (exception.rule, exception.subject) == (finding.rule, finding.subject) and fnmatchcase(
        finding.construct_path, exception.construct_path
    )


def test_cfn_lint_finds_nothing_without_a_written_reason(
    assemblies: Mapping[str, Assembly],
) -> None:
    # Most stacks of the two examples are the same.
    templates = {
        path.read_text(encoding="utf-8"): path
        for assembly in assemblies.values()
        for path in assembly.templates.values()
    }

    found = _lint(list(templates.values()))

    assert [finding for finding in found if not _is_explained(finding)] == []
    seen = {(finding.rule, finding.resource_type) for finding in found}
    assert {(e.rule, e.resource_type) for e in LINT_EXCEPTIONS} <= seen, "a reason is out of date"


def test_cfn_lint_finds_a_property_that_does_not_exist(tmp_path: Path) -> None:
    path = tmp_path / "bad.template.json"
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"Colour": "red"}}
    path.write_text(json.dumps({"Resources": {"Queue": queue}}), encoding="utf-8")

    found = _lint([path])

    assert [(f.rule, f.resource_type) for f in found] == [("E3002", "AWS::SQS::Queue")]


def test_cdk_nag_finds_nothing_without_a_written_reason(
    assemblies: Mapping[str, Assembly],
) -> None:
    findings = [finding for assembly in assemblies.values() for finding in assembly.nag_findings]

    unexplained = [
        finding for finding in findings if not any(_covers(e, finding) for e in NAG_EXCEPTIONS)
    ]
    assert unexplained == []
    assert [
        exception
        for exception in NAG_EXCEPTIONS
        if not any(_covers(exception, finding) for finding in findings)
    ] == [], "a reason is out of date"


def test_cdk_nag_finds_an_open_bucket(tmp_path: Path) -> None:
    def build(outdir: str) -> App:
        app = App(outdir=outdir)
        s3.Bucket(Stack(app, "Stack"), "Bucket")
        return app

    found = {finding.rule for finding in synthesize(build, tmp_path).nag_findings}

    assert "AwsSolutions-S1" in found
