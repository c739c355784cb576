"""Which fields each type of state takes, and in which query language.

Source: Amazon States Language specification, "State types" and its table of fields; Step Functions
developer guide, "Transforming data with JSONata" and "Map state in Distributed mode" (read
2026-11-27).
"""

from collections.abc import Mapping

JSONATA = "JSONata"
JSONPATH = "JSONPath"

#: Fields that only one of the languages has; all others belong to both.
ONLY_IN: Mapping[str, str] = {
    **dict.fromkeys(("Arguments", "Output", "Items", "Condition"), JSONATA),
    **dict.fromkeys(
        (
            "CausePath",
            "ErrorPath",
            "HeartbeatSecondsPath",
            "InputPath",
            "ItemsPath",
            "MaxConcurrencyPath",
            "OutputPath",
            "Parameters",
            "Result",
            "ResultPath",
            "ResultSelector",
            "SecondsPath",
            "TimeoutSecondsPath",
            "TimestampPath",
            "ToleratedFailureCountPath",
            "ToleratedFailurePercentagePath",
            "Variable",
        ),
        JSONPATH,
    ),
}

# ``End`` and ``Next`` are no field of these in the specification, but no record says that
# AWS refuses them, so that they pass: to refuse what AWS takes is the worse mistake.
_EVERYWHERE = frozenset({"Type", "Comment", "QueryLanguage", "Next", "End"})
_DATA = frozenset({"InputPath", "OutputPath", "Output"})
_RESULT = frozenset({"Parameters", "Arguments", "ResultPath", "Assign"})
_ERRORS = frozenset({"Retry", "Catch", "ResultSelector"})

STATE_FIELDS: Mapping[str, frozenset[str]] = {
    "Task": _EVERYWHERE
    | _DATA
    | _RESULT
    | _ERRORS
    | {
        "Credentials",
        "HeartbeatSeconds",
        "HeartbeatSecondsPath",
        "Resource",
        "TimeoutSeconds",
        "TimeoutSecondsPath",
    },
    "Pass": _EVERYWHERE | _DATA | _RESULT | {"Result"},
    "Choice": _EVERYWHERE | _DATA | {"Assign", "Choices", "Default"},
    "Wait": _EVERYWHERE
    | _DATA
    | {"Assign", "Seconds", "SecondsPath", "Timestamp", "TimestampPath"},
    "Succeed": _EVERYWHERE | _DATA,
    "Fail": _EVERYWHERE | {"Cause", "CausePath", "Error", "ErrorPath"},
    "Parallel": _EVERYWHERE | _DATA | _RESULT | _ERRORS | {"Branches"},
    "Map": _EVERYWHERE
    | _DATA
    | _RESULT
    | _ERRORS
    | {
        "ItemBatcher",
        "ItemProcessor",
        "ItemReader",
        "ItemSelector",
        "Items",
        "ItemsPath",
        "Iterator",
        "Label",
        "MaxConcurrency",
        "MaxConcurrencyPath",
        "ResultWriter",
        "ToleratedFailureCount",
        "ToleratedFailureCountPath",
        "ToleratedFailurePercentage",
        "ToleratedFailurePercentagePath",
    },
}

#: Fields of a state machine, of a branch, and of an item processor in it. A branch may name a query
#: language in AWS's own ``amazon-states-language-service`` 1.16; no record says that it is refused.
#: Of an item processor, ``floci`` records it in its issue 2968 (read 2026-11-27).
MACHINE_FIELDS = frozenset(
    {"Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds", "Version"}
)
BRANCH_FIELDS = frozenset({"Comment", "ProcessorConfig", "QueryLanguage", "StartAt", "States"})
ITEM_PROCESSOR_FIELDS = BRANCH_FIELDS - {"QueryLanguage"}

REQUIRED_FIELDS: Mapping[str, tuple[str, ...]] = {
    "Task": ("Resource",),
    "Choice": ("Choices",),
    "Parallel": ("Branches",),
}
#: Of these a state needs one, and has one at most.
WAIT_FIELDS = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")
PROCESSOR_FIELDS = ("ItemProcessor", "Iterator")
#: Lists of objects.
LIST_FIELDS = ("Branches", "Catch", "Choices", "Retry")
#: Types after which an execution, or a branch, is at its end.
TERMINAL_TYPES = frozenset({"Succeed", "Fail"})
STATE_NAME_MAX_CHARACTERS = 80
