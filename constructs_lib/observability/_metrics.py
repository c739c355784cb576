"""Metrics and alarms of the things that are watched, by the dimensions that AWS publishes."""

from collections.abc import Iterable, Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from constructs import Construct

from constructs_lib.observability._alarm_rules import PERIOD_MINUTES, AlarmRule
from constructs_lib.validation import ConfigError

_DEFAULT_BUS = "default"
_MOST_CHARACTERS_OF_A_TITLE = 100


def rule_dimensions(rule: events.Rule) -> dict[str, str]:
    """The dimensions of a rule's metrics: a rule on the default bus has its name alone.

    CDK's ``rule_name`` is what ``Ref`` gives: ``bus|rule`` on a custom bus, which no metric has.
    Source: aws-cloudformation/cloudformation-coverage-roadmap, issue 1131; AWS::Events::Rule,
        attribute RuleName (read 2026-11-23).
    """
    resource = rule.node.default_child
    assert isinstance(resource, events.CfnRule)  # noqa: S101 - CDK's own child
    bus_name = resource.event_bus_name
    bus = {} if bus_name in (None, _DEFAULT_BUS) else {"EventBusName": str(bus_name)}
    return {**bus, "RuleName": resource.attr_rule_name}


def metric(
    namespace: str, name: str, dimensions: Mapping[str, str], *, statistic: str, label: str = ""
) -> cloudwatch.Metric:
    """A metric of one thing, five minutes at a time."""
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dict(dimensions),
        statistic=statistic,
        label=label or None,
        period=Duration.minutes(PERIOD_MINUTES),
    )


def add_alarms(
    scope: Construct,
    rules: Iterable[AlarmRule],
    *,
    title: str,
    dimensions: Mapping[str, str],
    topic: sns.ITopic,
    thresholds: Mapping[str, float] | None = None,
    suffix: str = "",
) -> dict[str, cloudwatch.Alarm]:
    """Make the alarm of each rule and let it tell ``topic``; ``thresholds`` are by rule id."""
    alarms = {}
    for rule in rules:
        id_ = f"{rule.id}{suffix}"
        alarms[id_] = cloudwatch.Alarm(
            scope,
            id_,
            alarm_description=f"{title}: {rule.happened} {rule.remedy}",
            metric=metric(rule.namespace, rule.metric, dimensions, statistic=rule.statistic),
            threshold=(thresholds or {}).get(rule.id, rule.threshold),
            evaluation_periods=rule.periods,
            # No event, no failure: most of these metrics have values only when something is wrong.
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarms[id_].add_alarm_action(actions.SnsAction(topic))
    return alarms


def require_titles(argument: str, titles: Sequence[str]) -> None:
    """Refuse a title that is empty or longer than alarms and dashboards show.

    Raises:
        ConfigError: A title is empty or longer than 100 characters.
    """
    for title in titles:
        if not title.strip() or len(title) > _MOST_CHARACTERS_OF_A_TITLE:
            raise ConfigError(
                f"{argument} must be text of 1 to {_MOST_CHARACTERS_OF_A_TITLE} characters, "
                f"got {title!r}; name it as the business does, for example 'Sign-up'"
            )
