"""The example on the embedded AWS: what ran is billed as was computed, and compares as the guide
says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import pytest

from app import build_app
from constructs_lib.demo.crm import LocalCrm
from constructs_lib.demo.experiment import deploy_example, experiment
from constructs_lib.demo.inputs import SignUpRequest
from constructs_lib.demo.resources import find_example_resources
from constructs_lib.demo.roads import EventsRoad, Road, WorkflowRoad
from constructs_lib.demo.waiting import wait_for
from constructs_lib.demo.watch_bus import watched_bus
from constructs_lib.insight import load
from constructs_lib.insight.compare import Comparison, Row, comparison_of, computed_rows, markdown
from constructs_lib.insight.compare.designs import DESIGNS
from constructs_lib.insight.compare.guide import table_lines
from constructs_lib.insight.compare.monthly_rows import monthly_rows
from constructs_lib.insight.compare.rows import TOPICS
from constructs_lib.insight.compare.troubles import TROUBLES
from constructs_lib.insight.cost import DEFAULTS, CostReport, cost_report
from constructs_lib.insight.cost.beside import Beside, beside, beside_run, countable
from constructs_lib.insight.cost.event_flows import EventFlows
from constructs_lib.insight.cost.measured import Measured, measured
from constructs_lib.insight.cost.units import Units, total
from constructs_lib.insight.cost.workflow_cost import WorkflowCosts
from constructs_lib.insight.model import Assembly
from constructs_lib.insight.recording import record_run
from constructs_lib.insight.runs import Run, load_run, save_run
from constructs_lib.local import EmbeddedAws, Mailbox
from constructs_lib.local.account_life import AccountLife

_GUIDE = Path(__file__).parents[2] / "docs" / "choosing.md"
_NAMES = [design.name for design in DESIGNS]
_DEADLINE_SECONDS = 60
_ADA = SignUpRequest(name="Ada Lovelace", email="ada@example.com")
_BOB = SignUpRequest(name="Bob", email="bob@example.com")
_NOBODY = SignUpRequest(name="Nobody", email="no address")
_TICKET = Path(__file__).parents[2] / "examples" / "freshdesk_ticket_created.json"
_TICKET_SOURCE = "stand-in.partner/freshworks.com/a-test"

# The ticket has two tags.
_ASSUMED = replace(DEFAULTS, items={"Normalize tags": 2})
#: What the functions do inside, which no template says: units by function and event.
_INSIDE = {
    "ReserveEmail": {
        "SignUpRequested": Units({"dynamodb-reads": Decimal(1), "dynamodb-writes": Decimal(6)})
    },
    "CreateIdentity": {
        "EmailReserved": Units(
            {
                "dynamodb-reads": Decimal(1),
                "dynamodb-writes": Decimal(3),
                "cognito-users": Decimal(1),
            }
        )
    },
    "StoreProfile": {
        "IdentityCreated": Units({"dynamodb-reads": Decimal(1), "dynamodb-writes": Decimal(4)})
    },
    "SendWelcome": {
        "UserSignedUp": Units(
            {"dynamodb-reads": Decimal(1), "dynamodb-writes": Decimal(3), "mails": Decimal(1)}
        )
    },
    "Onboarding": {"UserSignedUp": Units({"dynamodb-writes": Decimal(3)})},
}
#: The events of a choreographed sign-up, which it publishes in this order.
_CHAIN = ("SignUpRequested", "EmailReserved", "IdentityCreated", "UserSignedUp")


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What ran, by the workflow and by events alone."""

    assembly: Assembly
    report: CostReport
    executions: Beside
    recorded: Run
    by_events: Measured


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("assembly")
    context = {
        "duet:mailSender": "sign-up@example.com",
        "duet:crmEndpoint": "https://crm.example/contacts",
    }
    build_app(outdir=str(folder), context=context).synth()
    return folder


@pytest.fixture(scope="module")
def ran(folder: Path) -> Iterator[Ran]:
    """A sign-up of each kind by the workflow, a ticket, and one sign-up by events alone."""
    assembly = load(folder)
    with EmbeddedAws() as aws, LocalCrm() as crm:
        deployment = deploy_example(aws, folder)
        resources = find_example_resources(aws)
        outputs = {key: text for each in deployment.outputs.values() for key, text in each.items()}
        aws.client("events").update_api_destination(
            Name=resources.crm_api_destination_name, InvocationEndpoint=crm.contacts_url
        )
        by_workflow = WorkflowRoad(aws, resources, outputs)
        for id_, request in {"ok": _ADA, "taken": _ADA, "invalid": _NOBODY}.items():
            by_workflow.start(id_, request)
            _end(by_workflow, id_)
        by_workflow.start("late", _BOB)
        Mailbox(aws).latest(to=_BOB.email, within_seconds=_DEADLINE_SECONDS)
        aws.clock.advance(hours=25)  # nobody enters the code
        _end(by_workflow, "late")
        _send_ticket(aws, outputs["PartnerBusName"])
        _settle(aws)
        report = cost_report(assembly, assumptions=_ASSUMED)
        executions = beside(report, aws.journal())
        recorded = record_run(aws, name="costs")
        with watched_bus(aws, resources.app_bus_arn) as heard:
            by_events = EventsRoad(aws, resources, outputs, heard)
            before = aws.journal()
            by_events.start("by-events", _ADA)
            _end(by_events, "by-events")
            _settle(aws)
            found = measured(aws.journal(), since=before)
        yield Ran(
            assembly=assembly,
            report=report,
            executions=executions,
            recorded=recorded,
            by_events=found,
        )


def _end(road: Road, id_: str) -> None:
    wait_for(
        lambda: road.ended([id_]), until=lambda ends: bool(ends), within_seconds=_DEADLINE_SECONDS
    )


def _settle(aws: EmbeddedAws) -> None:
    wait_for(
        AccountLife(aws).under_way,
        until=lambda left: not left,
        within_seconds=_DEADLINE_SECONDS,
    )


def _send_ticket(aws: EmbeddedAws, bus: str) -> None:
    ticket = json.loads(_TICKET.read_text(encoding="utf-8"))[0]
    with closing(aws.client("events")) as events:
        events.put_events(
            Entries=[
                {
                    "EventBusName": bus,
                    "Source": _TICKET_SOURCE,
                    "DetailType": ticket["detail-type"],
                    "Detail": json.dumps(ticket["detail"]),
                }
            ]
        )


@pytest.mark.parametrize(
    ("workflow", "name", "path"),
    [
        ("SignUp/Workflow", "ok", "Signed up"),
        ("SignUp/Workflow", "taken", "Email taken"),
        ("SignUp/Workflow", "invalid", "Refuse request"),
        (
            "SignUp/Workflow",
            "late",
            "Sign-up failed after Confirm email and Wait for confirmation failed",
        ),
        ("Confirm/Workflow", "", "Email is confirmed"),
        ("Triage", "", "Announce triage"),
    ],
)
def test_an_execution_is_billed_as_its_path(ran: Ran, workflow: str, name: str, path: str) -> None:
    (execution,) = [
        each
        for each in ran.executions.executions
        if each.workflow == workflow and each.execution.endswith(f":{name}" if name else "")
    ]
    (computed,) = [
        each.units
        for at_mix in ran.report.workflows
        for each in at_mix.cost.paths
        if (at_mix.cost.name, each.name) == (workflow, path)
    ]

    assert countable(execution.measured) == countable(computed)


def test_an_execution_is_put_beside_the_path_that_it_took(ran: Ran) -> None:
    assert all(each.is_equal for each in ran.executions.executions)


def test_nothing_else_was_executed(ran: Ran) -> None:
    assert len(ran.executions.executions) == 6


def test_a_run_file_tells_the_path_of_each_execution(ran: Ran) -> None:
    found = beside_run(ran.report, ran.recorded).executions

    assert {each.path and each.path.name for each in found} == {
        "Signed up",
        "Email taken",
        "Refuse request",
        "Sign-up failed after Confirm email and Wait for confirmation failed",
        "Email is confirmed",
        "Announce triage",
    }
    assert all(each.is_equal for each in found)


def test_a_run_file_is_billed_as_the_journal_that_it_was_made_of(ran: Ran, tmp_path: Path) -> None:
    save_run(ran.recorded, tmp_path / "run.json")
    found = beside_run(ran.report, load_run(tmp_path / "run.json"))

    assert {(each.execution, each.measured) for each in found.executions} == {
        (each.execution.rpartition(":")[2], each.measured) for each in ran.executions.executions
    }
    assert found.rest == ran.executions.rest
    assert found.lacks == ""


def test_a_run_file_of_before_calls_were_recorded_compares_what_it_has(ran: Ran) -> None:
    executions = tuple(replace(each, units=None) for each in ran.recorded.executions)
    found = beside_run(ran.report, replace(ran.recorded, executions=executions, units=None))

    assert found.lacks.startswith("the run file was recorded before calls were")
    assert set(total(each.measured for each in found.executions).counts) == {
        "express-requests",
        "standard-transitions",
    }
    assert all(each.is_equal for each in found.executions)


def test_what_else_was_billed_is_told_by_what_used_it(ran: Ran) -> None:
    assert ran.recorded.units is not None
    archives = [name for name, counts in ran.recorded.units.items() if "archive-pr" in str(counts)]
    others = {name.partition("/")[0] for name in ran.recorded.units}

    assert [name.partition("/")[2][:14] for name in archives] == [
        "AppBusArchiveA",
        "FreshdeskArchi",
    ]
    # The ticket came from a client.
    assert others == {"DuetChoreography", "DuetHybrid", ""}


def test_a_sign_up_by_events_is_billed_as_its_events(ran: Ran) -> None:
    assumed = replace(_ASSUMED, calls=_INSIDE)
    flows = EventFlows(ran.assembly, assumed, WorkflowCosts(ran.assembly, assumed)).all()
    by_type = {flow.kind.detail_type: flow.units for flow in flows if flow.kind}
    computed = countable(total(by_type[detail_type] for detail_type in _CHAIN))
    found = total(
        used for actor, used in ran.by_events.by_actor.items() if "duet-demo-watch" not in actor
    )

    # Archives are billed by bytes, of which the template says nothing.
    keys = set(computed.counts) - {"archive-processing", "archive-storage"}
    assert countable(found).only(keys) == computed.only(keys)
    assert set(countable(found).counts) <= {*keys, "archive-processing"}


def test_the_guide_shows_what_the_templates_say(ran: Ran) -> None:
    rows = computed_rows(ran.assembly)

    assert set(_lines(rows)) <= set(_lines_of_the_guide())


def test_the_guide_shows_what_a_month_costs_whether_used_or_not(ran: Ran) -> None:
    rows = monthly_rows(ran.assembly)
    (fixed, shared, logs) = ({name: cell.text for name, cell in row.cells.items()} for row in rows)

    assert fixed["hybrid"] == "$0.80: 8 alarms, and $2.60: 26 alarms of the followers"
    assert shared["hybrid"] == "$4.00: 1 dashboard, 1 key"
    assert logs["choreographed"] == "4, and 1 of the followers"
    assert set(_lines(rows)) <= set(_lines_of_the_guide())


@pytest.fixture(scope="module")
def compared(folder: Path) -> Comparison:
    """One sign-up through each design, and one that fails for good."""
    (for_good,) = (each for each in TROUBLES if each.name == "refused for good")
    seen = experiment(folder, sign_ups=1, on_progress=lambda _: None, troubles=[for_good])
    return comparison_of(load(folder), seen, sign_ups=1)


def test_the_guide_shows_what_sign_ups_cost(compared: Comparison) -> None:
    rows = [row for row in compared.rows if row.topic in ("cost", "scalability")]

    assert len(rows) == 10
    assert set(_lines(rows)) <= set(_lines_of_the_guide())


def test_bars_of_quotas_are_as_long_as_the_texts_beside_them_say(compared: Comparison) -> None:
    cells = [
        cell for row in compared.rows if row.topic == "scalability" for cell in row.cells.values()
    ]

    assert len(cells) == 6
    assert all(cell.text.startswith(f"{cell.value:.0f} by ") for cell in cells)


def test_each_design_undoes_a_sign_up_that_fails_for_good(compared: Comparison) -> None:
    (row,) = [row for row in compared.rows if row.quantity.startswith("ended right")]

    assert {cell.text for cell in row.cells.values()} == {"1 of 1 (0 all done, 1 all undone)"}


def test_times_of_this_machine_are_marked(compared: Comparison) -> None:
    (row,) = [row for row in compared.rows if row.how == "local"]

    assert all("(local, of 1)" in cell.text for cell in row.cells.values())


def test_every_topic_has_a_row(compared: Comparison) -> None:
    assert [topic for topic, _ in groupby(compared.rows, key=lambda row: row.topic)] == list(TOPICS)


def _lines(rows: Sequence[Row]) -> list[str]:
    """The rows as lines of the guide, without the topic, which the first of a topic bears."""
    return [line.split("|", 2)[2] for line in markdown(rows, _NAMES).splitlines()[2:]]


def _lines_of_the_guide() -> list[str]:
    return [line.split("|", 2)[2] for line in table_lines(_GUIDE)[2:]]
