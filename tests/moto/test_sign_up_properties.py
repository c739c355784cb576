"""Whatever is sent, a sign-up ends in a user or in a named refusal; found by random requests.

In process with ``sfnx``, which evaluates the synthesized definitions in milliseconds and knows the
error names of Step Functions; the services answer as they do when nothing is wrong.
"""

import json
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir
from sfnx.testing import Call, Failure, run

from constructs_lib.templates.state_machines import state_machine_definition, state_machine_ids

# Nothing is kept between runs: no example database, no folder in the project.
set_hypothesis_home_dir(tempfile.gettempdir())
_SAME_EVERY_TIME = settings(
    derandomize=True,
    database=None,
    deadline=timedelta(seconds=5),
    max_examples=60,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)

_REFUSED_BEFORE_ANY_CALL = "SignUp.InvalidRequest"
_RESULTS = {"confirmed", "unknown", "used", "expired", "unavailable"}

_LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
_JSON = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
_HUGE = st.sampled_from(["a", "@", "a@b.c", ".", " ", "\n", "\U0001f600", "İ", "\0"]).map(
    lambda piece: piece * (100_000 // len(piece))
)
_NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=100).filter(
    lambda name: name.strip(" ") != ""
)
# Printable ASCII but for the space and the at sign, as the workflow wants it.
_ADDRESS_PARTS = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="@."), min_size=1
)
_ADDRESSES = st.builds("{}@{}.{}".format, _ADDRESS_PARTS, _ADDRESS_PARTS, _ADDRESS_PARTS).filter(
    lambda address: len(address) <= 254
)
_SPACE = st.text(" \t\r\n", max_size=3)
_FIELDS = _JSON | _HUGE | _ADDRESSES | _NAMES
_REQUESTS = (
    st.fixed_dictionaries({}, optional={"email": _FIELDS, "name": _FIELDS, "other": _JSON})
    | st.fixed_dictionaries({"email": _ADDRESSES, "name": _FIELDS})
    | _JSON
)


@pytest.fixture(scope="session")
def sign_up(workflow_templates: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    return _definition(workflow_templates, 0)


@pytest.fixture(scope="session")
def confirm_email(workflow_templates: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    return _definition(workflow_templates, 1)


def _definition(templates: Mapping[str, dict[str, Any]], index: int) -> dict[str, Any]:
    template = templates["SignUp"]
    logical_id = state_machine_ids(template)[index]
    return state_machine_definition(template, logical_id, substitutions={}, placeholders=True)


def _all_is_well(call: Call) -> object:
    return {"Entries": [{"EventId": "1"}]} if call.resource.endswith(":putEvents") else {}


@_SAME_EVERY_TIME
@given(request=_REQUESTS)
@example(request=[{"email": "ada@example.com"}, {"name": "Ada"}])
@example(request={"email": ["ada@example.com"], "name": ["Ada"]})
@example(request={"email": "ada@example.com", "name": "' & $uuid() & '"})
@example(request={"email": "{% $states.context %}@b.c", "name": "{% $uuid() %}"})
@example(request={"email": "İ" * 250 + "@b.c", "name": "\U0001f600" * 100})
def test_any_request_ends_in_a_user_or_in_a_named_refusal(
    sign_up: dict[str, Any], request: object
) -> None:
    execution = run(sign_up, request, _all_is_well)

    if execution.error is None:
        assert execution.states[-1] == "Signed up"
        assert isinstance(execution.output, dict)
        assert set(execution.output) == {"userId", "requestId", "eventId"}
    else:
        assert execution.error == _REFUSED_BEFORE_ANY_CALL
        assert execution.cause
        assert execution.cause.startswith(("the request must be", "email must be", "name must be"))
        assert execution.calls == ()


@_SAME_EVERY_TIME
@given(address=_ADDRESSES, name=_NAMES, before=_SPACE, after=_SPACE)
def test_a_valid_request_is_accepted_and_nothing_of_it_is_changed_on_the_way(
    sign_up: dict[str, Any], address: str, name: str, before: str, after: str
) -> None:
    execution = run(sign_up, {"email": before + address + after, "name": name}, _all_is_well)

    assert execution.error is None, execution.cause
    arguments = {call.state: json.dumps(call.arguments) for call in execution.calls}
    kept = json.loads(arguments["Create identity"])["UserAttributes"]
    stored_name = {a["Name"]: a["Value"] for a in kept}["name"]
    assert {a["Name"]: a["Value"] for a in kept}["email"] == address.lower()
    # White space is taken off the ends and, inside, comes down to one space.
    assert "".join(stored_name.split()) == "".join(name.split())
    mailed = json.loads(arguments["Mail confirmation code"])
    assert mailed["Destination"] == {"ToAddresses": [address.lower()]}
    assert stored_name in mailed["Content"]["Simple"]["Body"]["Text"]["Data"]


@_SAME_EVERY_TIME
@given(
    request=_JSON
    | st.fixed_dictionaries({"code": _FIELDS | st.from_regex(r"\s?[0-9a-fA-F]{10}\s?")}),
    item=st.none()
    | st.fixed_dictionaries(
        {
            "userId": st.just({"S": "somebody"}),
            "taskToken": st.just({"S": "token"}),
            "expiresAt": st.integers(0, 2**40).map(lambda seconds: {"N": str(seconds)}),
        },
        optional={"usedAt": st.just({"S": "2026-11-23T00:00:00Z"})},
    ),
    failing=st.dictionaries(
        st.sampled_from(["Look up code", "Let sign-up go on", "Mark code as used"]),
        st.sampled_from(["States.Timeout", "Sfn.TaskTimedOutException", "DynamoDB.Whatever"]),
    ),
)
def test_any_code_is_answered_with_one_of_five_results_whatever_the_services_do(
    confirm_email: dict[str, Any],
    request: object,
    item: Mapping[str, object] | None,
    failing: Mapping[str, str],
) -> None:
    def answer(call: Call) -> object:
        if call.state in failing:
            raise Failure(failing[call.state], "injected")
        return {"Item": item} if call.state == "Look up code" and item is not None else {}

    execution = run(confirm_email, request, answer)

    assert execution.error is None, execution.cause
    assert isinstance(execution.output, dict)
    assert execution.output["result"] in _RESULTS
    assert "token" not in json.dumps(execution.output)
