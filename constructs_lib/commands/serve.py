"""``duet serve``: the embedded AWS alone, in the foreground."""

from pathlib import Path
from typing import Annotated

import typer

from constructs_lib.commands._consoles import result_console
from constructs_lib.commands._ends import BAD_INPUT, fail
from constructs_lib.local import EmbeddedAws, EmbeddedAwsError
from constructs_lib.local.faults import read_faults

app = typer.Typer(add_completion=False)


@app.command()
def serve(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="TCP port on 127.0.0.1; 0 takes a free one.")
    ] = 4566,
    time_scale: Annotated[
        float,
        typer.Option(
            min=0,
            help="Factor of the clock: 1 is real time; at 0 it jumps to what is due next once "
            "nothing is at work.",
        ),
    ] = 1.0,
    seed: Annotated[
        int | None,
        typer.Option(help="Makes chance repeat itself: jitter of retries, faults with a share."),
    ] = None,
    faults: Annotated[
        Path | None,
        typer.Option(
            help="JSON file, a list of faults to inject: "
            '{"service": "dynamodb", "action": "PutItem", "error": "ThrottlingException"}; also '
            '"count", "share", "seed", "latency_seconds", "after_effect", "parameters".',
        ),
    ] = None,
    step_functions_mocks: Annotated[
        Path | None, typer.Option(help="MockConfigFile.json of Step Functions Local.")
    ] = None,
) -> None:
    """Run the embedded AWS alone in the foreground, until Ctrl-C.

    It listens on 127.0.0.1 only and keeps everything in memory. Point the AWS CLI, an SDK or the
    CDK CLI at it with the variables that it prints. duet up serves one and deploys an app to it.

    Example: duet serve --port 4566 --time-scale 0

    Exit status: 0 after Ctrl-C, 1 if it could not start or ended by itself, 2 for bad options.
    """
    console = result_console()
    try:
        with EmbeddedAws(
            port=port,
            time_scale=time_scale,
            seed=seed,
            faults=read_faults(faults) if faults else (),
            step_functions_mocks=step_functions_mocks,
        ) as aws:
            console.print(f"the embedded AWS serves at {aws.endpoint_url}; Ctrl-C ends it\n")
            for name, value in sorted(aws.environment().items()):
                if name.startswith("AWS_"):
                    console.print(f"export {name}={value}", highlight=False)
            aws.wait()
    except ValueError as error:
        fail(error, BAD_INPUT)
    except EmbeddedAwsError as error:
        fail(error, 1)
    except KeyboardInterrupt:
        console.print("\nthe embedded AWS has stopped")
