"""The three designs of the example's sign-up, by the constructs that they are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from constructs_lib.insight.errors import InsightError
from constructs_lib.insight.model import Assembly, Resource

#: What all designs share and none is charged for: the bus, its archive, alarms.
_NOT_COUNTED = frozenset({"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"})


@dataclass(frozen=True, kw_only=True)
class Design:
    """One way to build the sign-up.

    Args:
        itself: Construct paths of what signs people up, and of the alarms that watch it.
        followers: Those of what follows from a sign-up, and does not belong to it.
    """

    name: str
    what: str
    itself: Sequence[str]
    followers: Sequence[str] = ()

    def resources(self, assembly: Assembly, *, with_followers: bool = True) -> Iterator[Resource]:
        """Its resources, alarms left aside."""
        prefixes = (*self.itself, *self.followers) if with_followers else tuple(self.itself)
        for resource in assembly.resources.values():
            if resource.type not in _NOT_COUNTED and _is_in(resource, prefixes):
                yield resource

    def standing(self, assembly: Assembly, *, of_followers: bool) -> Sequence[Resource]:
        """Its resources or its followers', alarms too: what is billed by the month is in them."""
        return standing_at(assembly, self.followers if of_followers else self.itself)

    def has(self, path: str, *, of_followers: bool) -> bool:
        """Whether a construct path is one of its own, or of its followers."""
        return _starts(path, self.followers if of_followers else self.itself)


def resources_at(assembly: Assembly, paths: Sequence[str]) -> int:
    """How many resources stand at these construct paths, alarms left aside."""
    return sum(
        resource.type not in _NOT_COUNTED and _is_in(resource, paths)
        for resource in assembly.resources.values()
    )


def standing_at(assembly: Assembly, paths: Sequence[str]) -> Sequence[Resource]:
    """The resources at these construct paths."""
    return [each for each in assembly.resources.values() if _is_in(each, paths)]


def _is_in(resource: Resource, prefixes: Sequence[str]) -> bool:
    return _starts(resource.place.construct_path, prefixes)


def _starts(path: str, prefixes: Sequence[str]) -> bool:
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in prefixes)


#: States of the workflow that have an address confirmed, which the services do not.
CONFIRMATION = frozenset({"Confirm email", "Mark email as verified"})
#: One follower of UserSignedUp, to see what one more takes.
A_FOLLOWER = (
    "DuetChoreography/Analytics",
    "DuetChoreography/AppBus/AnalyticsOfSignUps",
)
#: What all designs use: paid for by the month, and charged to none.
SHARED = (
    "DuetChoreography/AppBus",
    "DuetChoreography/AlarmTopic",
    "DuetHybrid/Dashboard",
)
_WORKFLOW = (
    "DuetOrchestration/SignUp",
    "DuetOrchestration/SignUpAlarms",
    "DuetOrchestration/ConfirmEmailAlarms",
)
_FOLLOWERS = (
    "DuetChoreography/Onboarding",
    "DuetChoreography/OnboardingAlarms",
    "DuetChoreography/AppBus/OnboardingOfNewUsers",
    "DuetChoreography/OnboardingOfNewUsersAlarms",
    "DuetChoreography/Analytics",
    "DuetChoreography/AnalyticsAlarms",
    "DuetChoreography/AppBus/AnalyticsOfSignUps",
    "DuetChoreography/AnalyticsOfSignUpsAlarms",
    "DuetHybrid/Crm",
    "DuetHybrid/ContactsOfNewUsers",
    "DuetHybrid/ContactsOfNewUsersAlarms",
)

ORCHESTRATED = Design(
    name="orchestrated",
    what="one workflow reserves the address, makes the identity, has the address confirmed, stores "
    "the profile and mails the welcome; nobody follows its event",
    itself=_WORKFLOW,
)
CHOREOGRAPHED = Design(
    name="choreographed",
    what="four services follow each other's events to the same end, without confirmation of the "
    "address; onboarding, analytics and the CRM follow UserSignedUp",
    itself=("DuetChoreography/SignUp",),
    followers=_FOLLOWERS,
)
HYBRID = Design(
    name="hybrid",
    what="the workflow does what must be done or undone together; onboarding, analytics and the "
    "CRM follow its UserSignedUp",
    itself=_WORKFLOW,
    followers=_FOLLOWERS,
)
DESIGNS = (ORCHESTRATED, CHOREOGRAPHED, HYBRID)


def lacking_design(assembly: Assembly) -> Design | None:
    """A design that has no resource in an assembly; None if all have, as in the example's."""
    return next(
        (each for each in DESIGNS if not any(each.resources(assembly, with_followers=False))), None
    )


def require_example(assembly: Assembly) -> None:
    """See that an assembly has all designs.

    Raises:
        InsightError: One has no resource in it.
    """
    if design := lacking_design(assembly):
        raise InsightError(
            f"the designs of Duet's example must be in the assembly, {design.name} "
            f"({', '.join(design.itself)}) is not in {assembly.path}; "
            "pass the cdk.out that cdk synth writes for the example app"
        )
