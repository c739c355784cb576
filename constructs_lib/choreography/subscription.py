"""Rules that deliver matching events to their targets and lose none of them."""

from collections.abc import Mapping
from typing import cast

from aws_cdk import Annotations, Duration, Stack, Token
from aws_cdk import aws_events as events
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from constructs_lib.choreography._queues import safe_queue
from constructs_lib.choreography._safe_target import (
    check_dead_letter_queue,
    let_rules_use_key,
    safe_target,
)
from constructs_lib.choreography.rendered_pattern import EventPatternLike, rendered_pattern
from constructs_lib.event_patterns.grammar import Pattern, require_valid_pattern
from constructs_lib.event_patterns.traps import (
    DEFAULT_MAX_CHARACTERS,
    MAX_CHARACTERS,
    aws_sources,
    require_pattern_size,
    require_useful_pattern,
)
from constructs_lib.validation import require_between

_MAX_TARGETS_A_RULE = 5
_SIZE_CONTEXT = "duet:event-pattern-max-characters"


class Subscription(Construct):
    """Deliver the events of ``event_bus`` that match ``event_pattern`` to ``target``.

    Creates the rule and, unless the caller brings one, the dead-letter queue to which EventBridge
    moves an event that it could not deliver. Bus and target stay the caller's. A target that names
    a dead-letter queue or retry policy of its own keeps it. ``add_target`` takes further targets;
    beyond five, EventBridge's maximum, further rules with the same pattern follow.

    The pattern is checked here: an error names what EventBridge would refuse, or accept although no
    event matches. Tokens pass.

    Args:
        event_bus: The bus to follow.
        event_pattern: Which of its events: CDK's ``EventPattern`` with its ``Match``, the pattern
            as JSON has it (with ``$or``, if need be), or a contract.
        target: Any CDK rule target (``aws_events_targets``), with its input mapping, in this
            account and region; for others a bus there.
        detail_filter: Conditions on the event's detail that narrow the pattern.
        dead_letter_queue: Standard queue in the same account and region; made when not given.
        retry_attempts: Further deliveries that EventBridge tries, 0 to 185.
        max_event_age: How long it tries, 1 minute to 24 hours.
        description: What the rule is for, in the console.
    Raises:
        ConfigError: An argument is out of range, or the pattern, the target's input or a queue's
            settings are such that events would be refused or lost.
    Source: EventBridge user guide, "How EventBridge retries delivering events" and "Using
        dead-letter queues to process undelivered events" (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        event_bus: events.IEventBus,
        event_pattern: EventPatternLike,
        target: events.IRuleTarget,
        detail_filter: Mapping[str, object] | None = None,
        dead_letter_queue: sqs.IQueue | None = None,
        retry_attempts: int = 185,
        max_event_age: Duration | None = None,
        description: str | None = None,
    ) -> None:
        super().__init__(scope, id_)
        self._max_event_age = max_event_age or Duration.hours(24)
        require_between(
            "retry_attempts",
            retry_attempts,
            0,
            185,
            remedy="185 is what EventBridge allows; 0 sends the first failure to the queue",
        )
        if not self._max_event_age.is_unresolved():
            require_between(
                "max_event_age",
                self._max_event_age.to_seconds(),
                60,
                86_400,
                remedy="pass a Duration of 1 minute to 24 hours (the range is in seconds)",
            )
        self._retry_attempts = retry_attempts
        self._description = description
        self._pattern = rendered_pattern(event_pattern, detail_filter=detail_filter)
        self.event_bus = event_bus
        self._check_pattern()
        self.dead_letter_queue = self._dead_letters(dead_letter_queue)
        self.rules: list[events.Rule] = []
        self._targets = 0
        self.add_target(target)
        self.rule = self.rules[0]

    def add_target(self, target: events.IRuleTarget) -> None:
        """Deliver the same events to one more target, as safely as to the first.

        Raises:
            ConfigError: The target's input or settings are such that events would be lost.
        """
        if self._targets % _MAX_TARGETS_A_RULE == 0:
            self.rules.append(self._make_rule())
        self._targets += 1
        rule = self.rules[-1]
        rule.add_target(
            safe_target(
                target,
                rule=rule,
                dead_letter_queue=self.dead_letter_queue,
                retry_attempts=self._retry_attempts,
                max_event_age=self._max_event_age,
            )
        )

    def _make_rule(self) -> events.Rule:
        number = len(self.rules) + 1
        rule = events.Rule(
            self,
            "Resource" if number == 1 else f"Resource{number}",
            event_bus=self.event_bus,
            # CDK's own pattern has no $or; the whole one is put in its place below.
            event_pattern=events.EventPattern(version=["0"]),
            description=self._description,
        )
        cast(events.CfnRule, rule.node.default_child).event_pattern = self._pattern
        return rule

    def _check_pattern(self) -> None:
        pattern: Pattern = Stack.of(self).resolve(self._pattern)
        require_valid_pattern(pattern)
        require_useful_pattern(pattern)
        max_characters = self.node.try_get_context(_SIZE_CONTEXT) or DEFAULT_MAX_CHARACTERS
        require_between(
            _SIZE_CONTEXT, max_characters, 1, MAX_CHARACTERS, remedy="tell your account's quota"
        )
        require_pattern_size(pattern, max_characters=max_characters)
        unlikely = aws_sources(pattern)
        if unlikely and self._is_custom_bus():
            Annotations.of(self).add_warning_v2(
                "duet:aws-source-on-custom-bus",
                f"event_pattern asks for the source {unlikely[0]!r} on a custom bus: AWS services "
                "publish on the default bus and partners on a bus of their own; only a rule there "
                "that forwards them brings such events here",
            )

    def _is_custom_bus(self) -> bool:
        made = self.event_bus.node.default_child
        if isinstance(made, events.CfnEventBus):
            return made.event_source_name is None
        name = self.event_bus.event_bus_name
        return not (
            Token.is_unresolved(name) or name == "default" or name.startswith("aws.partner/")
        )

    def _dead_letters(self, given: sqs.IQueue | None) -> sqs.IQueue:
        if given is None:
            return safe_queue(self, "DeadLetters")
        check_dead_letter_queue(self, given)
        if given.encryption_master_key is not None:
            let_rules_use_key(self, given.encryption_master_key)
        return given
