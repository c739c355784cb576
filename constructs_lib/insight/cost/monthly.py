"""What is billed by the month, whether anything happens or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from constructs_lib.insight.cost.units import Units, total, units
from constructs_lib.insight.model import Resource

#: Items of the price list by the type of resource that is one of them.
_ONE_EACH = {
    "AWS::CloudWatch::Dashboard": "dashboards",
    "AWS::KMS::Key": "keys",
    "AWS::SecretsManager::Secret": "secrets",
}


def monthly_units(resources: Iterable[Resource]) -> Units:
    """Alarms, dashboards, keys and secrets among resources.

    An alarm on an expression is billed for each metric in it.
    """
    return total(
        units("alarms", _metrics(each))
        if each.type == "AWS::CloudWatch::Alarm"
        else units(_ONE_EACH[each.type])
        for each in resources
        if each.type in _ONE_EACH or each.type == "AWS::CloudWatch::Alarm"
    )


def _metrics(alarm: Resource) -> int:
    queries = alarm.properties.get("Metrics")
    listed = queries if isinstance(queries, list) else []
    metrics = [each for each in listed if isinstance(each, Mapping) and "MetricStat" in each]
    return max(1, len(metrics))
