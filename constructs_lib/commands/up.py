"""``duet up``: the embedded AWS with a CDK app deployed to it, kept up to date."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from constructs_lib.commands._consoles import message_console, result_console
from constructs_lib.commands._ends import BAD_INPUT, BAD_RESULT, INTERRUPTED, fail
from constructs_lib.local import DeployError, EmbeddedAwsError
from constructs_lib.local.deployment import Deployment
from constructs_lib.local.detached import HAND_OVER_OPTION, HandOver, start_detached
from constructs_lib.local.faults import read_faults
from constructs_lib.local.given_values import GivenValues
from constructs_lib.local.instance import InstanceError, find_instance
from constructs_lib.local.up import UpPlan, run_up
from constructs_lib.local.up_view import UpView, outputs_table

app = typer.Typer(add_completion=False)
#: As the AWS CLI has it.
_FILE = "file://"
_TEMPLATES = (".yaml", ".yml", ".json", ".template")


@app.command()
def up(
    assembly: Annotated[
        Path,
        typer.Argument(metavar="ASSEMBLY", help="Cloud assembly: the folder that cdk synth wrote."),
    ] = Path("cdk.out"),
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="TCP port on 127.0.0.1; 0 takes a free one.")
    ] = 0,
    time_scale: Annotated[
        float,
        typer.Option(min=0, help="Factor of the clock: 1 is real time, 0 waits for nothing."),
    ] = 1.0,
    seed: Annotated[
        int | None,
        typer.Option(help="Makes chance repeat itself: jitter of retries, faults with a share."),
    ] = None,
    faults: Annotated[
        Path | None,
        typer.Option(help="JSON file, a list of faults to inject; see duet faults inject."),
    ] = None,
    step_functions_mocks: Annotated[
        Path | None, typer.Option(help="MockConfigFile.json of Step Functions Local.")
    ] = None,
    stack: Annotated[
        list[str] | None,
        typer.Option(help="Stack to deploy, with those it needs; repeatable; all if left out."),
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Value of a parameter, or of Stack:Parameter."),
    ] = None,
    verify_sender: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="Address or domain that SES sends mail from."),
    ] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Secret of Secrets Manager that the app reads and does not make; repeatable. "
            "NAME=file://PATH takes what the file holds, so that no list of processes shows it.",
        ),
    ] = None,
    ssm: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Likewise a parameter of SSM's Parameter Store."),
    ] = None,
    watch: Annotated[
        bool, typer.Option(help="Deploy again whenever the assembly has changed.")
    ] = True,
    detach: Annotated[
        bool, typer.Option("--detach", help="Go on in the background, until duet down.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON for each deployment.")
    ] = False,
    hand_over: Annotated[str | None, typer.Option(HAND_OVER_OPTION, hidden=True)] = None,
) -> None:
    """Run any CDK app on an AWS of your own, and keep it up to date while you work on it.

    It starts the embedded AWS on 127.0.0.1, deploys the assembly to it, prints the outputs, and
    deploys again whenever cdk synth has written another one. What only a partner can do, offering
    the event source of a partner bus, it does for you. Secrets and SSM parameters that templates
    read and do not make are named before anything is deployed; --secret and --ssm make them.

    The other duet commands find it as long as they are called in the same folder. All of it ends
    with Ctrl-C, also if it is killed.

    Example: cdk synth && duet up --time-scale 0.01 --secret crm=file://crm.json --ssm /shop/tax=19

    Exit status: 0 once it is in the background (--detach), 130 after Ctrl-C or duet down, 1 if the
    embedded AWS ended or, with --detach or --no-watch, the deployment failed, 2 for bad options.
    """
    if assembly.suffix in _TEMPLATES and assembly.is_file():
        fail(
            f"ASSEMBLY must be a cloud assembly, got the file {assembly}; of a CDK app name the "
            "folder, for a CloudFormation template run: duet serve, and with the variables that it "
            f"prints: aws cloudformation deploy --template-file {assembly} --stack-name NAME "
            "(a SAM template must be translated first)",
            BAD_INPUT,
        )
    if not (assembly / "manifest.json").is_file():
        fail(
            f"ASSEMBLY must hold a manifest.json, got {assembly}; run: cdk synth, "
            "or name the folder it wrote",
            BAD_INPUT,
        )
    if detach:
        _detach(as_json=as_json)
        return
    try:
        plan = UpPlan(
            assembly=assembly,
            port=port,
            time_scale=time_scale,
            seed=seed,
            faults=read_faults(faults) if faults else (),
            step_functions_mocks=step_functions_mocks,
            stacks=stack or (),
            parameters=dict(map(_parameter, parameter or ())),
            verified_senders=verify_sender or (),
            values=GivenValues(
                secrets=dict(_given("--secret", each) for each in secret or ()),
                ssm=dict(_given("--ssm", each) for each in ssm or ()),
            ),
            watches=watch,
        )
        _run(plan, HandOver(hand_over), as_json=as_json)
    except ValueError as error:
        fail(error, BAD_INPUT)


def _run(plan: UpPlan, hand_over: HandOver, *, as_json: bool) -> None:
    console = message_console() if as_json else result_console()

    def show(deployment: Deployment) -> None:
        if as_json:
            stacks = [
                {
                    "name": each.name,
                    "changed": each.changed,
                    "seconds": round(each.seconds, 3),
                    "outputs": dict(each.outputs),
                }
                for each in deployment.stacks.values()
            ]
            typer.echo(json.dumps({"stacks": stacks}))
        elif any(deployment.outputs.values()):
            console.print(outputs_table(deployment.outputs))

    def show_failure(reason: str) -> None:
        if as_json:
            typer.echo(json.dumps({"error": reason}))

    view = UpView(
        plan,
        console,
        on_deployed=show,
        on_failed=show_failure,
        on_settled=lambda claim: hand_over.complete(claim.output_log),
    )
    try:
        run_up(Path.cwd(), plan, view)
    except InstanceError as error:
        fail(error, BAD_INPUT)
    except (DeployError, EmbeddedAwsError) as error:
        fail(error, BAD_RESULT)
    except KeyboardInterrupt:
        view.ended()
        raise typer.Exit(INTERRUPTED) from None


def _detach(*, as_json: bool) -> None:
    errors = message_console()
    try:
        status = start_detached(_own_arguments())
    except KeyboardInterrupt:
        fail("interrupted; nothing was left running", INTERRUPTED)
    if status is not None:
        raise typer.Exit(status)
    instance = find_instance(Path.cwd())
    if instance is None:
        fail("the embedded AWS has ended right after its start", BAD_RESULT)
    if as_json:
        typer.echo(json.dumps(instance.to_json(), indent=2))
    errors.print(
        f"it goes on in the background as process {instance.pid}; duet down ends it",
        highlight=False,
    )
    if instance.deployment == "failed":
        raise typer.Exit(BAD_RESULT)


def _own_arguments() -> Sequence[str]:
    """The command line as it was given, without what is only for this process."""
    return [each for each in sys.argv[1:] if each not in ("--detach", "--json")]


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ValueError(
            f"--parameter must be KEY=VALUE, got {text!r}; write for example Stage=dev"
        )
    return name, value


def _given(option: str, text: str) -> tuple[str, str]:
    """Name and value; a message never shows a value, nor what may be one."""
    name, _, value = text.partition("=")
    if value.startswith(_FILE):
        path = Path(value.removeprefix(_FILE))
        try:
            value = path.read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError):
            raise ValueError(
                f"{option} {name} must name a file of text, got {path}; "
                f"write its value there, or {name}=VALUE"
            ) from None
    if not (name and value):
        raise ValueError(
            f"{option} must be NAME=VALUE, got no {'value' if name else 'name'}; "
            "write for example shop/tax=19, or shop/tax=file://tax.txt"
        )
    return name, value
