"""Runs and a comparison written by hand, to be laid over the example's pictures."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from constructs_lib.insight.compare import Cell, Comparison, Row
from constructs_lib.insight.runs import (
    Attempt,
    Delivery,
    Event,
    Execution,
    RecordedTest,
    Run,
    Step,
)

_AT = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
_BUS = "DuetChoreography/AppBusDB0927FF"
_RULE = "DuetChoreography/AppBusAnalyticsOfSignUps2168E66D"


def run_of_the_example() -> Run:
    """A refused sign-up whose check was tried twice, and an event that its queue did not take."""
    check = Step(
        state="Check request",
        entered_ms=2,
        left_ms=32,
        input_bytes=51,
        output_bytes=51,
        attempts=(
            Attempt(began_ms=2, ended_ms=9, error="States.Timeout"),
            Attempt(began_ms=12, ended_ms=32),
        ),
    )
    refuse = Step(state="Refuse request", entered_ms=33, input_bytes=51, previous=0)
    refused = Execution(
        id="sign-up-1",
        workflow="DuetOrchestration/SignUpWorkflow75D4E874",
        status="FAILED",
        error="SignUp.InvalidRequest",
        started=_AT,
        duration_ms=40,
        starter="a client",
        input_bytes=51,
        steps=(check, refuse),
    )
    delivery = Delivery(
        rule=_RULE,
        target="DuetChoreography/AnalyticsF5FDC64B",
        attempts=3,
        outcome="dead-lettered",
        after_ms=14.2,
        error_code="NO_PERMISSIONS",
        dead_letter=f"{_RULE.removesuffix('2168E66D')}DeadLetters1A9FDFA4",
    )
    event = Event(
        id="5f0c",
        bus=_BUS,
        source="sign-up",
        detail_type="UserSignedUp",
        at=_AT,
        size_bytes=163,
        publisher="DuetOrchestration/SignUpWorkflow75D4E874",
        matched=(_RULE,),
        deliveries=(delivery,),
    )
    stranger = Execution(id="x", workflow="Other/Flow", status="SUCCEEDED", started=_AT)
    return Run(name="by hand", recorded=_AT, executions=(refused, stranger), events=(event,))


def run_of_tests(workflow: str) -> Run:
    """Ten executions by each of two tests; the last one of the second test was not over."""
    names = ("tests/test_shop.py::test_orders_are_paid", "tests/test_shop.py::test_carts_expire")
    executions = [
        Execution(
            id=f"run-{number}",
            workflow=workflow,
            status="SUCCEEDED" if number < 19 else "RUNNING",
            started=_AT,
            duration_ms=5 if number < 19 else None,
            test=names[number // 10],
            steps=(Step(state="Work", entered_ms=0, left_ms=4 if number < 19 else None),),
        )
        for number in range(20)
    ]
    tests = tuple(RecordedTest(id=name, outcome="passed") for name in names)
    return Run(name="tests", recorded=_AT, executions=tuple(executions), tests=tests)


def comparison_of_the_example() -> Comparison:
    """Short and long texts, a quantity that is markup, and cells without a number."""
    names = ("orchestrated", "choreographed", "hybrid")
    long = "17 new, 1 changed: SignUp/Workflow/Resource/Role/DefaultPolicy/Resource"
    cells = {
        "components <b>that</b> know the order": [Cell(text=long, value=Decimal(18))] * 3,
        "resources": [Cell(text=str(n), value=Decimal(n)) for n in (10, 97, 0)],
        "billable units": [Cell(text="1 event, 4 writes")] * 3,
    }
    rows = [
        Row(
            topic="control",
            quantity=quantity,
            how="templates",
            cells=dict(zip(names, of_designs, strict=True)),
        )
        for quantity, of_designs in cells.items()
    ]
    return Comparison(rows=rows, sign_ups=3, measured=_AT)
