"""Steps with their compensations: what was done is undone in reverse order when a step fails."""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from constructs_lib.orchestration.failure_notice import FailureNotice
from constructs_lib.orchestration.retry_policies import ANY_FAILURE, transient_policy
from constructs_lib.validation import ConfigError

SagaState: TypeAlias = sfn.TaskStateBase | sfn.Parallel | sfn.Map

# States.ALL does not match it: a call whose answer is too large had its effect all the same.
# Source: Step Functions developer guide, "Handling errors" (read 2026-11-23).
_TOO_MUCH_DATA = "States.DataLimitExceeded"

# A task token may be answered without error and cause; an expression without a value would end the
# execution here, with nothing undone.
_ERROR = "$states.errorOutput.Error ? $states.errorOutput.Error : 'States.TaskFailed'"
_CAUSE = "$states.errorOutput.Cause ? $states.errorOutput.Cause : 'no cause given'"


@dataclass(frozen=True, kw_only=True)
class SagaStep:
    """One step of a saga: what it does, how that is undone, and what its errors mean.

    All states are JSONata states, made by a ``.jsonata()`` factory, and read workflow variables
    instead of ``$states.input`` where they undo something.

    Args:
        action: The state that does it, with its own retries and timeout.
        compensation: The state that undoes it; None for what needs no undoing. It must be safe to
            run twice, and after an action that had no effect. Without a retry policy it gets one.
        already_done: Errors of ``action`` which say that it was done by an earlier attempt of this
            execution. The saga goes on; the step's input takes the place of its result.
        already_undone: Errors of ``compensation`` which say that there is nothing to undo.
        refusals: Business errors of ``action``, which then had no effect, and the Fail state in
            which the execution ends once the earlier steps are undone. An action that is retried
            must not refuse the work of its own earlier attempt.
    Raises:
        ConfigError: An error has two meanings, is a wildcard of Step Functions, or belongs to a
            compensation that is not there.
    """

    action: SagaState
    compensation: SagaState | None = None
    already_done: Sequence[str] = ()
    already_undone: Sequence[str] = ()
    refusals: Mapping[str, sfn.Fail] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse error lists that contradict each other."""
        for argument in ("already_done", "already_undone", "refusals"):
            _check_errors(argument, getattr(self, argument))
        if both := sorted(set(self.already_done) & self.refusals.keys()):
            raise ConfigError(
                f"refusals must not name what already_done names, got {both} in both; "
                "an error either means that the step was done or that it was refused"
            )
        if self.already_undone and self.compensation is None:
            raise ConfigError(
                f"already_undone must be empty without a compensation, got "
                f"{list(self.already_undone)}; pass the compensation or leave the errors out"
            )


class Saga(Construct):
    """A chain of steps that leaves nothing half-made: all are done, or what was done is undone.

    Joins the caller's states and creates only Fail, Choice and Pass states; nothing is deployed by
    it alone. A failed or timed-out action may have had its effect, so its own compensation runs
    first, then those of the earlier steps in reverse order. A compensation that fails in spite of
    its retries is noted and the remaining ones still run. Then comes ``on_failure``, and the
    execution ends in a Fail state with the error and cause of the step that failed.

    After a refusal the earlier compensations run and the execution ends in the refusal's own Fail
    state, without ``on_failure``, unless something could not be undone.

    Variables: ``failure`` has ``Error``, ``Cause`` and ``Step`` (and ``Refusal``, the Fail state's
    name, after a refusal); ``notUndone`` is a list with ``Step``, the compensation, and ``Error``.

    Nothing is undone after a stop, ``States.Runtime`` or the execution's own timeout, which end it
    at once: give each action a timeout, and the workflow more than all actions and compensations.

    Example::

        from aws_cdk import App, Duration, Stack
        from aws_cdk import aws_dynamodb as dynamodb
        from aws_cdk import aws_stepfunctions as sfn
        from aws_cdk import aws_stepfunctions_tasks as tasks
        from constructs_lib.orchestration.retry_policies import DYNAMODB_TRANSIENT
        from constructs_lib.orchestration.saga import Saga, SagaStep

        stack = Stack(App(), "Trips")
        in_10_s = sfn.Timeout.duration(Duration.seconds(10))
        trip = {"trip": tasks.DynamoAttributeValue.from_string("{% $trip %}")}

        def booking(thing: str) -> SagaStep:
            table = dynamodb.Table(
                stack, f"{thing}s",
                partition_key=dynamodb.Attribute(name="trip", type=dynamodb.AttributeType.STRING),
            )
            book = tasks.DynamoPutItem.jsonata(
                stack, f"Book {thing}", table=table, item=trip, task_timeout=in_10_s
            )
            DYNAMODB_TRANSIENT.add_to(book)
            cancel = tasks.DynamoDeleteItem.jsonata(
                stack, f"Cancel {thing}", table=table, key=trip, task_timeout=in_10_s
            )
            return SagaStep(action=book, compensation=cancel)

        saga = Saga(stack, "Trip", steps=[booking("flight"), booking("hotel")])
        prepare = sfn.Pass.jsonata(
            stack, "Prepare trip", assign={"trip": "{% $states.context.Execution.Name %}"}
        )
        sfn.StateMachine(
            stack, "BookTrip",
            definition_body=sfn.DefinitionBody.from_chainable(prepare.next(saga.chain)),
            query_language=sfn.QueryLanguage.JSONATA,
        )

    Args:
        id_: Construct id; the states made here are named after it (``Trip failed``).
        steps: The steps, in the order in which they run.
        on_failure: What happens once everything is undone: a ``FailureNotice``, or states of the
            caller's, which must not fail themselves. Open ends lead to the Fail state.
    Raises:
        ConfigError: There is no step, a state is used twice, is no JSONata state, leads elsewhere
            already, or catches ``States.ALL`` itself.
    Source: Step Functions developer guide, "Handling errors", "Passing data with variables"
        (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        steps: Sequence[SagaStep],
        on_failure: FailureNotice | sfn.IChainable | None = None,
    ) -> None:
        _check_steps(steps)
        super().__init__(scope, id_)
        self._id = id_
        self.chain = self._join_actions(steps)
        self.start_state = self.chain.start_state
        failed = self._failure_end(on_failure)
        undo = _join_compensations(steps, self._after_undoing(steps, failed))
        for step, undo_earlier, undo_all in zip(steps, undo, undo[1:], strict=False):
            _catch_refusals(step, undo_earlier)
            _catch_failures(step, undo_all or failed)

    def _join_actions(self, steps: Sequence[SagaStep]) -> sfn.Chain:
        for step, following in itertools.pairwise(steps):
            step.action.next(following.action)
            _catch_already_done(step, following.action)
        last = steps[-1]
        ends: list[sfn.INextable] = [last.action]
        if last.already_done:
            # What follows the saga is not known yet, and a catch cannot be left open.
            done = sfn.Pass.jsonata(self, f"{last.action.state_id} was done before")
            _catch_already_done(last, done)
            ends.append(done)
        return sfn.Chain.custom(steps[0].action, ends, last.action)

    def _failure_end(self, on_failure: FailureNotice | sfn.IChainable | None) -> sfn.State:
        if on_failure is None:
            return self._fail()
        chain = on_failure.chain if isinstance(on_failure, FailureNotice) else on_failure
        if open_ends := chain.end_states:
            fail = self._fail()
            for end in open_ends:
                end.next(fail)
        return chain.start_state

    def _fail(self) -> sfn.Fail:
        return sfn.Fail.jsonata(
            self, f"{self._id} failed", error="{% $failure.Error %}", cause="{% $failure.Cause %}"
        )

    def _after_undoing(self, steps: Sequence[SagaStep], failed: sfn.State) -> sfn.State:
        """Where the last compensation leads: to the failure, or, if a step that has something to
        undo before it can be refused, first to the question which of the two it was."""
        refusals: dict[str, sfn.Fail] = {}
        undoable = False
        for step in steps:
            if undoable:
                refusals.update({fail.state_id: fail for fail in step.refusals.values()})
            undoable = undoable or step.compensation is not None
        if not refusals:
            return failed
        choice = sfn.Choice.jsonata(self, f"Was {self._id} refused?")
        for name, fail in refusals.items():
            refused = f"$failure.Refusal = {_quoted(name)} and $count($notUndone) = 0"
            choice.when(sfn.Condition.jsonata(f"{{% {refused} %}}"), fail)
        return choice.otherwise(failed)


def _join_compensations(steps: Sequence[SagaStep], after: sfn.State) -> list[sfn.State | None]:
    """The state that begins to undo the first n steps, for n from 0 to all; None for nothing."""
    begins: list[sfn.State | None] = [None]
    for step in steps:
        if step.compensation is None:
            begins.append(begins[-1])
            continue
        following = begins[-1] or after
        _add_retries(step.compensation, step.already_undone)
        if step.already_undone:
            step.compensation.add_catch(following, errors=list(step.already_undone))
        name = _quoted(step.compensation.state_id)
        note = {"notUndone": f"{{% [$notUndone, {{'Step': {name}, 'Error': ({_ERROR})}}] %}}"}
        for errors in (_TOO_MUCH_DATA, sfn.Errors.ALL):
            step.compensation.add_catch(following, errors=[errors], assign=note)
        step.compensation.next(following)
        begins.append(step.compensation)
    return begins


def _catch_already_done(step: SagaStep, following: sfn.State) -> None:
    if step.already_done:
        step.action.add_catch(
            following, errors=list(step.already_done), outputs="{% $states.input %}"
        )


def _catch_refusals(step: SagaStep, undo_earlier: sfn.State | None) -> None:
    errors: dict[str, list[str]] = {}
    for error, fail in step.refusals.items():
        errors.setdefault(fail.state_id, []).append(error)
    for fail in {fail.state_id: fail for fail in step.refusals.values()}.values():
        failure = {**_failure_of(step), "Refusal": fail.state_id}
        step.action.add_catch(
            undo_earlier or fail,
            errors=errors[fail.state_id],
            assign={"failure": failure, "notUndone": []},
        )


def _catch_failures(step: SagaStep, undo: sfn.State) -> None:
    for errors in (_TOO_MUCH_DATA, sfn.Errors.ALL):
        step.action.add_catch(
            undo, errors=[errors], assign={"failure": _failure_of(step), "notUndone": []}
        )


def _failure_of(step: SagaStep) -> dict[str, str]:
    return {
        "Error": f"{{% {_ERROR} %}}",
        "Cause": f"{{% {_CAUSE} %}}",
        "Step": step.action.state_id,
    }


def _add_retries(compensation: SagaState, already_undone: Sequence[str]) -> None:
    """Give a compensation without a retry policy that of its service."""
    shown = _shown(compensation)
    if "Retry" in shown:
        return
    policy = transient_policy(str(shown.get("Resource", "")))
    if policy is None and already_undone:
        # The first retrier that matches an error decides: these are not retried.
        compensation.add_retry(errors=list(already_undone), max_attempts=0)
    (policy or ANY_FAILURE).add_to(compensation)


def _check_errors(argument: str, errors: Sequence[str] | Mapping[str, sfn.Fail]) -> None:
    if isinstance(errors, str):
        raise ConfigError(
            f"{argument} must be a list of error names, got the text {errors!r}; write [{errors!r}]"
        )
    # A wildcard would turn every failure into a success or a refusal.
    if wildcards := sorted(error for error in errors if error.startswith("States.")):
        raise ConfigError(
            f"{argument} must name errors of the service, got {wildcards}; "
            "leave Step Functions' own errors to the saga"
        )


def _check_steps(steps: Sequence[SagaStep]) -> None:
    if not steps:
        raise ConfigError("steps must have at least one step, got none; pass what the saga does")
    seen: set[str] = set()
    for step in steps:
        for role, state in (("action", step.action), ("compensation", step.compensation)):
            if state is None:
                continue
            name = state.state_id
            if name in seen:
                raise ConfigError(
                    f"steps must use each state once and each name once, got {name!r} twice; "
                    "make a state of its own for each action and compensation"
                )
            seen.add(name)
            _check_state(role, name, _shown(state))


def _check_state(role: str, name: str, shown: Mapping[str, object]) -> None:
    if shown.get("QueryLanguage") != "JSONata":
        raise ConfigError(
            f"{role} must be a JSONata state, got {name!r} in JSONPath; "
            "make it with its class's .jsonata() factory"
        )
    if "Next" in shown:
        raise ConfigError(
            f"{role} must have no next state, got {name!r}, which leads to {shown['Next']!r}; "
            "the saga joins its states itself"
        )
    if sfn.Errors.ALL in json.dumps(shown.get("Catch", [])):
        raise ConfigError(
            f"{role} must leave {sfn.Errors.ALL} to the saga, got a catch for it in {name!r}; "
            "catch the errors that you know by name, or pass them as refusals"
        )


def _shown(state: SagaState) -> Mapping[str, object]:
    """The state as it stands; its query language is shown because no workflow sets one yet."""
    shown: Mapping[str, object] = state.to_state_json()
    return shown


def _quoted(name: str) -> str:
    """A JSONata text; apostrophes have no escape in it."""
    return json.dumps(name, ensure_ascii=False) if {"'", "\\"} & set(name) else f"'{name}'"
