"""Sign-ups through each design on the embedded AWS: what they are billed, how long they take, and
how they end when services fail."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from constructs_lib.demo.crm import CRM_AUTHORIZATION, LocalCrm
from constructs_lib.demo.inputs import SignUpRequest
from constructs_lib.demo.resources import find_example_resources
from constructs_lib.demo.roads import EventsRoad, Road, WorkflowRoad
from constructs_lib.demo.waiting import wait_for
from constructs_lib.demo.watch_bus import watched_bus
from constructs_lib.insight.compare.designs import CHOREOGRAPHED, HYBRID, ORCHESTRATED, Design
from constructs_lib.insight.compare.observed import Experiment, Observed, Survived
from constructs_lib.insight.compare.troubles import TROUBLES, Trouble
from constructs_lib.insight.cost.measured import measured
from constructs_lib.insight.cost.units import Units, total
from constructs_lib.local import Deployment, EmbeddedAws, deploy
from constructs_lib.local.account_life import AccountLife
from constructs_lib.local.preparations import verify_senders

Say = Callable[[str], None]

T = TypeVar("T")

_SECRET = re.compile(r":secret:([\w/+=.@-]+):SecretString")
_SENDER = re.compile(r'"MAIL_SENDER": "([^"]+)"')
_DEADLINE_SECONDS = 180.0
# While something waits for a retry or a redelivery, its time is brought forward.
_PATIENCE_SECONDS = 1.5
_STEP_SECONDS = 61.0
# Nothing is under way in so many looks: nothing will come.
_IDLE_LOOKS = 3
_OUTSIDE = "outside"
_ALL = {"identity", "profile", "reservation"}


def experiment(
    assembly_folder: Path,
    *,
    sign_ups: int,
    on_progress: Say,
    troubles: Sequence[Trouble] = TROUBLES,
) -> Experiment:
    """Deploy the example to an embedded AWS of its own and sign people up by each design.

    Args:
        sign_ups: How many for each design, and again for each trouble.
        on_progress: Hears what is under way.
        troubles: What is let go wrong.
    Raises:
        EmbeddedAwsError: The embedded AWS did not start.
        DeployError: The assembly cannot be deployed.
        ResourcesError: It is not the example's.
    """
    with EmbeddedAws() as aws, LocalCrm() as crm:
        on_progress("deploy")
        lab = _Lab(aws, deploy_example(aws, assembly_folder), crm, sign_ups=sign_ups)
        with lab.roads() as (by_workflow, by_events):
            on_progress(f"{sign_ups} sign-ups by the workflow")
            orchestrated, followed = lab.observe(by_workflow, ORCHESTRATED, HYBRID)
            on_progress(f"{sign_ups} sign-ups by events")
            (choreographed,) = lab.observe(by_events, CHOREOGRAPHED)
            survived: dict[str, list[Survived]] = {}
            for trouble in troubles:
                for name, road in (
                    (ORCHESTRATED.name, by_workflow),
                    (CHOREOGRAPHED.name, by_events),
                ):
                    on_progress(f"{trouble.what} ({name})")
                    survived.setdefault(name, []).append(lab.survive(road, trouble))
    return Experiment(
        observed={
            ORCHESTRATED.name: orchestrated,
            CHOREOGRAPHED.name: choreographed,
            HYBRID.name: followed,
        },
        # The same workflow: what follows from a sign-up does not change how it ends.
        survived={**survived, HYBRID.name: survived[ORCHESTRATED.name]},
    )


def deploy_example(aws: EmbeddedAws, assembly_folder: Path) -> Deployment:
    """Deploy the example's assembly, with the secret and the mail senders that it names."""
    texts = [path.read_text("utf-8") for path in assembly_folder.glob("*.template.json")]
    secrets: Any = aws.client("secretsmanager")  # type: ignore[call-overload]  # has no stubs
    for name in {found for text in texts for found in _SECRET.findall(text)}:
        secrets.create_secret(
            Name=name, SecretString=json.dumps({"authorization": CRM_AUTHORIZATION})
        )
    senders = {found for text in texts for found in _SENDER.findall(text)}
    verify_senders(aws, sorted(senders))
    return deploy(assembly_folder, aws)


class _Lab:
    """The deployed example, and who is signed up in it."""

    def __init__(
        self, aws: EmbeddedAws, deployment: Deployment, crm: LocalCrm, *, sign_ups: int
    ) -> None:
        self._aws = aws
        self._life = AccountLife(aws)
        self._resources = find_example_resources(aws)
        self._outputs = {
            name: value
            for outputs in deployment.outputs.values()
            for name, value in outputs.items()
        }
        # Physical ids to the paths of their constructs, the longest first: some begin alike.
        self._paths = sorted(
            (
                (id_, path)
                for stack in deployment.stacks.values()
                for path, id_ in stack.physical_ids.items()
            ),
            key=lambda each: -len(each[0]),
        )
        self._people = {
            part: [
                SignUpRequest(name="Ada Lovelace", email=f"ada-{part}-{number}@example.com")
                for number in range(sign_ups)
            ]
            for part in ("calm", *(f"trouble-{each}" for each in range(len(TROUBLES))))
        }
        aws.client("events").update_api_destination(
            Name=self._resources.crm_api_destination_name, InvocationEndpoint=crm.contacts_url
        )

    @contextmanager
    def roads(self) -> Iterator[tuple[Road, Road]]:
        """The ways to sign up: by the workflow, and by events."""
        with watched_bus(self._aws, self._resources.app_bus_arn) as heard:
            yield (
                WorkflowRoad(self._aws, self._resources, self._outputs),
                EventsRoad(self._aws, self._resources, self._outputs, heard),
            )

    def observe(self, road: Road, *designs: Design) -> list[Observed]:
        """Sign people up one after the other, as nothing else happens; count by design."""
        self._settle()
        before = self._aws.journal()
        people = self._people["calm"]
        seconds = []
        for request in people:
            started = time.monotonic()
            self._sign_up(road, {self._id(road, request): request})
            seconds.append(time.monotonic() - started)
            self._settle()
        found = measured(self._aws.journal(), since=before)
        return [
            Observed(
                sign_ups=len(people),
                itself=self._units(found.by_actor, design, of_followers=False, among=len(people)),
                followers=self._units(found.by_actor, design, of_followers=True, among=len(people)),
                seconds=tuple(seconds),
            )
            for design in designs
        ]

    def survive(self, road: Road, trouble: Trouble) -> Survived:
        """Sign people up all at once while something goes wrong; see what is left of each."""
        people = self._people[f"trouble-{TROUBLES.index(trouble)}"]
        ids = {self._id(road, request): request for request in people}
        with self._aws.faults(*trouble.faults):
            ends = self._sign_up(road, ids, bring_forward=True)
            self._settle(bring_forward=True)
        states = []
        for id_, request in ids.items():
            traces, error = road.traces(request), ends.get(id_)
            is_done = traces >= _ALL and error == ""
            is_undone = not traces and bool(error)
            states.append("done" if is_done else "undone" if is_undone else "wrong")
        return Survived(
            trouble=trouble,
            done=states.count("done"),
            undone=states.count("undone"),
            wrong=states.count("wrong"),
        )

    def _id(self, road: Road, request: SignUpRequest) -> str:
        return f"{type(road).__name__}-{request.email.partition('@')[0]}"

    def _sign_up(
        self,
        road: Road,
        requests: Mapping[str, SignUpRequest],
        *,
        bring_forward: bool = False,
    ) -> Mapping[str, str]:
        """Start all, and wait for all ends; the errors, empty where there is none."""
        for id_, request in requests.items():
            road.start(id_, request)
        return self._wait(
            lambda: road.ended(requests),
            until=lambda ends: len(ends) == len(requests),
            bring_forward=bring_forward,
        )

    def _settle(self, *, bring_forward: bool = False) -> None:
        """Wait until nothing is under way any more."""
        self._wait(self._life.under_way, until=lambda left: not left, bring_forward=bring_forward)

    def _wait(self, look: Callable[[], T], *, until: Callable[[T], bool], bring_forward: bool) -> T:
        """Wait; where asked for, let time pass in steps for what waits for its time."""
        if not bring_forward:
            return wait_for(look, until=until, within_seconds=_DEADLINE_SECONDS)
        deadline = time.monotonic() + _DEADLINE_SECONDS
        idle = 0
        while True:
            seen = wait_for(look, until=until, within_seconds=_PATIENCE_SECONDS)
            # What is in a dead-letter queue will never end.
            idle = 0 if self._life.under_way() else idle + 1
            if until(seen) or idle >= _IDLE_LOOKS or time.monotonic() > deadline:
                return seen
            self._aws.clock.advance(seconds=_STEP_SECONDS)

    def _units(
        self, by_actor: Mapping[str, Units], design: Design, *, of_followers: bool, among: int
    ) -> Units:
        """What the constructs of a design did, for one sign-up; clients are the form's events."""
        used = total(
            units
            for actor, units in by_actor.items()
            if design.has(self._path_of(actor) or _OUTSIDE, of_followers=of_followers)
            or (actor == "" and design is CHOREOGRAPHED and not of_followers)
        )
        return used.times(1 / Decimal(among))

    def _path_of(self, actor: str) -> str:
        """The construct path of an actor, whose ARN has the physical id in it."""
        return next((path for id_, path in self._paths if id_.rpartition(":")[2] in actor), "")
