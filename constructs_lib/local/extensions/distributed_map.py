"""Upstream gap: a Distributed Map knows JSONPath only, writes no results and stops at nothing.

* JSONata: ``Items``, the arguments of reader and writer, ``ItemSelector``, ``Output``, ``Assign``,
  and every number; JSON objects as items; ``ItemBatcher``.
* The results go where ``ResultWriter`` says, also when the Map Run fails (see ``map_results``); a
  failed child stands in the result as it ended.
* More failures than are tolerated end the Map Run at once: what runs is aborted, what waits is not
  started. So does the end of the execution. A threshold of 0 is none.
* A child is an execution: it has a context, variables, first and last events of its own, and can be
  stopped. No more than ``MaxConcurrency`` run at once, and never more than 1,000; on AWS 10,000.

MapRunStarted and the like are in the history, MapIterationStarted is not. InputType MANIFEST and
PARQUET, redrive, and a new MaxConcurrency for a Map Run at work are not emulated.
Source: Step Functions developer guide, "Using Map state in Distributed mode", "Setting failure
thresholds for Distributed Map states" (read 2026-11-23).
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions import clock, current_run, map_items, map_results
from constructs_lib.local.extensions.clock_threads import WorkPool
from constructs_lib.local.extensions.map_fields import MapFields
from constructs_lib.local.extensions.map_items import ChildInput
from constructs_lib.local.extensions.map_run_record import MapRunRecord

_MOST_AT_ONCE = 1_000
_EXCEEDED = "States.ExceedToleratedFailureThreshold"

_State = Mapping[str, object]
_Context = dict[str, object]
_Execution = dict[str, object]
_Run = Callable[[_State, object, _Execution, _Context], tuple[object, str | None]]


def register() -> None:
    """Run Maps in distributed mode here; inline ones stay MiniStack's."""
    map_items.register()
    stepfunctions._run_map_items = _distributing(stepfunctions._run_map_items)


def _distributing(run_inline: _Run) -> _Run:
    def run(
        state: _State, state_input: object, execution: _Execution, context: _Context
    ) -> tuple[object, str | None]:
        processor = cast(_State, state.get("ItemProcessor") or state.get("Iterator") or {})
        config = cast(_State, processor.get("ProcessorConfig") or {})
        if config.get("Mode") != "DISTRIBUTED":
            return run_inline(state, state_input, execution, context)
        fields = MapFields(state, state_input, context)
        result = _MapRun(fields, processor, execution).result()
        following = stepfunctions._next_or_end(state)
        if fields.in_jsonata:
            given = {"result": result, "default": result}
            output = stepfunctions._apply_jsonata_output(state, state_input, context, **given)
            stepfunctions._apply_state_assign(state, state_input, context, result=result)
            return output, following
        selected = stepfunctions._apply_result_selector(state, result)
        output = stepfunctions._apply_result_path(state, state_input, selected)
        return stepfunctions._apply_output_path(state, output, context), following

    return run


@dataclass
class _Child:
    """An input, and the execution it gets once it is its turn."""

    given: ChildInput
    execution: _Execution = field(default_factory=dict)
    settled: bool = False


class _MapRun:
    """The child executions of one attempt at a Distributed Map."""

    def __init__(self, fields: MapFields, processor: _State, execution: _Execution) -> None:
        self._fields = fields
        self._processor = processor
        self._execution = execution
        self._children = [_Child(given) for given in map_items.child_inputs(fields)]
        self._lock = threading.RLock()
        self._left = len(self._children)
        self._over = clock.Event()
        self._exceeded = False
        machine_arn = str(execution["stateMachineArn"])
        path = f"{machine_arn.rpartition(':')[2]}/{fields.state.get('Label') or _id()}"
        self._machine_arn = f"{machine_arn.rpartition(':')[0]}:{path}"
        self._arn = f"{self._machine_arn.replace(':stateMachine:', ':mapRun:')}:{_id()}"
        self._record = MapRunRecord(
            fields,
            arn=self._arn,
            execution_arn=execution["executionArn"],
            machine_arn=self._machine_arn,
            children=[child.given for child in self._children],
        )

    def result(self) -> object:
        """Run the children and return the Map's result.

        Raises:
            States.ExceedToleratedFailureThreshold: Too many failed.
            States.ResultWriterFailed: The results could not be written.
        """
        self._note("MapRunStarted", mapRunArn=self._arn)
        self._run_children()
        # Whoever ended the Map Run may still be aborting its children.
        with self._lock:
            children = [child.execution for child in self._children if child.execution]
            pending = [child.given.value for child in self._children if not child.execution]
        try:
            written = map_results.write_results(self._fields, self._arn, children, pending)
            if written:
                self._record.written()
            current_run.require_running()
            if self._exceeded:
                cause = "The specified tolerated failure threshold was exceeded"
                raise stepfunctions._ExecutionError(_EXCEEDED, cause)
        except stepfunctions._ExecutionError as error:
            run = current_run.current()
            self._record.end("ABORTED" if run and run.ended.is_set() else "FAILED")
            self._note("MapRunFailed", error=error.error, cause=error.cause)
            raise
        self._record.end("SUCCEEDED")
        self._note("MapRunSucceeded")
        return written or map_results.results(self._fields, children)

    def stop(self) -> None:
        """Start no further child, and abort those that run."""
        with self._lock:
            if self._over.is_set():
                return
            self._over.set()
            for child in self._children:
                if child.execution and not child.settled:
                    arn = child.execution["executionArn"]
                    stepfunctions._stop_execution({"executionArn": arn})
                    self._settle(child)

    def _run_children(self) -> None:
        if not self._children:
            return
        run = current_run.current()
        if run:
            run.on_end.add(self.stop)
            if run.ended.is_set():
                self.stop()
        most = self._record.max_concurrency or _MOST_AT_ONCE
        workers = min(most, _MOST_AT_ONCE, len(self._children))
        pool = WorkPool(workers)
        for child in self._children:
            pool.start(partial(self._run_child, child))
        self._over.wait()
        # What an aborted child's task still does is waited for no longer.
        pool.shutdown(wait=False, cancel_futures=True)
        if run:
            run.on_end.discard(self.stop)

    def _run_child(self, child: _Child) -> None:
        with self._lock:
            if self._over.is_set():
                return
            child.execution = self._begin(child.given.value)
            self._record.begin(child.given)
        execution, arn = child.execution, str(child.execution["executionArn"])
        with current_run.at_work_for(arn, execution, starting=False):
            try:
                states, first = self._processor["States"], self._processor["StartAt"]
                own = self._own_context(execution, child.given.value)
                output = stepfunctions._run_sub_machine(
                    states, first, child.given.value, execution, own
                )
                self._succeed(execution, output)
            except stepfunctions._ExecutionError as error:
                self._fail(execution, error.error, error.cause)
            except Exception as error:
                # As MiniStack ends an execution over what it did not foresee.
                stepfunctions.logger.exception("Unexpected error in execution %s", arn)
                self._fail(execution, "States.Runtime", str(error))
        self._settle(child)

    def _begin(self, child_input: object) -> _Execution:
        name = _id()
        text = json.dumps(child_input)
        executions = self._machine_arn.replace(":stateMachine:", ":execution:")
        config = cast(_State, self._processor["ProcessorConfig"])
        child: _Execution = {
            "executionArn": f"{executions}:{name}",
            "stateMachineArn": self._machine_arn,
            "name": name,
            "status": "RUNNING",
            "startDate": stepfunctions.now_iso(),
            "stopDate": None,
            "input": text,
            "output": None,
            "mapRunArn": self._arn,
            "events": [],
            "testCase": self._execution.get("testCase"),
            "mockAttempts": {},
            # Express workflows announce no change of their status.
            "sync": config.get("ExecutionType") == "EXPRESS",
        }
        stepfunctions._add_event(
            child, "ExecutionStarted", {"executionStartedEventDetails": {"input": text}}
        )
        stepfunctions._executions[child["executionArn"]] = child
        stepfunctions._emit_execution_status_event(child)
        return child

    def _own_context(self, execution: _Execution, child_input: object) -> _Context:
        outer = self._fields.context
        machine = {**cast(_Context, outer["StateMachine"]), "Id": self._machine_arn}
        own = {
            "Id": execution["executionArn"],
            "Input": child_input,
            "Name": execution["name"],
            "StartTime": execution["startDate"],
        }
        language = outer["QueryLanguage"]
        return {
            "QueryLanguage": language,
            "Execution": own,
            "StateMachine": machine,
            "variables": {},
        }

    def _succeed(self, execution: _Execution, output: object) -> None:
        with self._lock:
            if execution["status"] != "RUNNING":
                return
            text = json.dumps(output)
            execution.update(status="SUCCEEDED", output=text, stopDate=stepfunctions.now_iso())
            details = {"executionSucceededEventDetails": {"output": text}}
            stepfunctions._add_event(execution, "ExecutionSucceeded", details)
        stepfunctions._emit_execution_status_event(execution)

    def _fail(self, execution: _Execution, error: str, cause: str) -> None:
        # Not while it is being aborted: an aborted execution stays so.
        with self._lock:
            stepfunctions._fail_execution(execution, error, cause)

    def _settle(self, child: _Child) -> None:
        with self._lock:
            if child.settled:
                return
            child.settled = True
            self._record.settle(child.given, child.execution["status"])
            self._left -= 1
            if self._record.is_exceeded and not self._over.is_set():
                self._exceeded = True
                self.stop()
            if not self._left:
                self._over.set()

    def _note(self, kind: str, **details: object) -> None:
        named = {f"{kind[0].lower()}{kind[1:]}EventDetails": details} if details else None
        stepfunctions._add_event(self._execution, kind, named)


def _id() -> str:
    return str(stepfunctions.new_uuid())
