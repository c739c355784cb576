"""``duet compare``: the example's sign-up in three designs, measured."""

import json
from pathlib import Path
from typing import Annotated

import typer

from constructs_lib.commands._consoles import message_console, result_console
from constructs_lib.commands._ends import BAD_INPUT, BAD_RESULT, INTERRUPTED, fail
from constructs_lib.demo.compare_designs import compare_designs
from constructs_lib.demo.resources import ResourcesError
from constructs_lib.insight.compare import page, save_comparison, show
from constructs_lib.insight.compare.guide import write_table
from constructs_lib.insight.errors import InsightError
from constructs_lib.insight.runs import COMPARISON_FILE
from constructs_lib.local import DeployError, EmbeddedAwsError

app = typer.Typer(add_completion=False)


@app.command()
def compare(
    assembly: Annotated[
        Path,
        typer.Argument(metavar="[PATH]", help="The example app's cdk.out."),
    ] = Path("cdk.out"),
    sign_ups: Annotated[
        int, typer.Option(min=1, max=50, help="Sign-ups for each design, and for each trouble.")
    ] = 5,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html|FILE.md",
            help="Write a page with charts, or the table between the marks of a guide.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Run the same sign-ups orchestrated, choreographed and hybrid, and compare what is measured.

    It deploys the example app to an embedded AWS of its own, signs people up by each design, lets
    services fail, and puts control, complexity, error handling, scalability, latency and cost side
    by side. The templates, the run and published figures are the only sources, and each row says
    which. It takes a minute or two; nothing leaves this machine. The result is kept: the next
    `duet report` in this folder shows it with charts.

    Synthesize the example with a mail sender and a CRM first:

    cdk synth -c duet:mailSender=sign-up@example.com -c duet:crmEndpoint=https://crm.example/contacts

    Example: duet compare cdk.out --output compare.html

    Exit status: 0, 1 if the embedded AWS fails, or 2 if the input is not the example.
    """
    errors = message_console()
    try:
        with errors.status("compare") as status:
            compared = compare_designs(
                assembly, sign_ups=sign_ups, on_progress=lambda text: status.update(f"{text} …")
            )
        save_comparison(compared, COMPARISON_FILE)
        if output is not None and output.suffix == ".md":
            write_table(output, compared.rows, compared.designs)
        elif output is not None:
            output.write_text(page(compared), encoding="utf-8")
    except (InsightError, ResourcesError) as error:
        fail(error, BAD_INPUT)
    except (EmbeddedAwsError, DeployError, OSError) as error:
        fail(error, BAD_RESULT)
    except KeyboardInterrupt:
        fail("interrupted; the embedded AWS is gone", INTERRUPTED)
    if as_json:
        typer.echo(json.dumps(compared.to_json(), indent=2, ensure_ascii=False))
    else:
        show(result_console(), compared)
