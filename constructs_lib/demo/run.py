"""The demo from start to end."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rich.console import Console

from constructs_lib.demo.crm import CONTACTS_PATH, CRM_AUTHORIZATION, LocalCrm
from constructs_lib.demo.inputs import read_sign_ups, read_tickets
from constructs_lib.demo.partner_source import PARTNER_EVENT_SOURCE_NAME, PartnerSource
from constructs_lib.demo.phases import Phases
from constructs_lib.demo.report import show_story
from constructs_lib.demo.story import tell_story
from constructs_lib.insight.recording import keep_run
from constructs_lib.insight.runs import RUNS_FOLDER
from constructs_lib.local import EmbeddedAws
from constructs_lib.local.cdk_cli import CdkCli

_PARTNER_SOURCE_CONTEXT = f"duet:freshdeskEventSourceName={PARTNER_EVENT_SOURCE_NAME}"
_MAIL_SENDER = "sign-up@example.com"
_CRM_SECRET = "duet-demo/crm"  # noqa: S105 - a name
#: What is deployed, as on AWS, which takes https alone; nothing of the demo leaves this machine.
_CRM_ENDPOINT = f"https://duet-demo.freshdesk.example{CONTACTS_PATH}"
#: A confirmation is waited for 24 hours: here for these seconds.
_CONFIRMATION_SECONDS = 12
_TIME_SCALE = _CONFIRMATION_SECONDS / (24 * 60 * 60)


def run_demo(
    *, project_folder: Path, sign_ups_path: Path, tickets_path: Path, console: Console
) -> bool:
    """Deploy the example app to an embedded AWS, drive it, show what happened, remove it.

    All files are made in ``.duet`` in the project folder and removed, whatever happens, but for
    what ``duet report`` shows: the run's file and the templates that were deployed (1 MB).

    Returns:
        Whether every outcome was the expected one.
    Raises:
        InputError: An input file breaks a rule; nothing was started.
        EmbeddedAwsError: The embedded AWS did not start.
        CdkCliError: A command of the CDK CLI failed.
    """
    sign_ups = read_sign_ups(sign_ups_path)
    tickets = read_tickets(tickets_path)
    phases = Phases(console)
    with _work_folder(project_folder) as work_folder:
        aws = EmbeddedAws(work_folder=work_folder / "aws", time_scale=_TIME_SCALE)
        with phases.phase("start the embedded AWS"):
            aws.start()
        with aws, LocalCrm() as crm:
            cdk = CdkCli(
                project_folder=project_folder,
                environment=aws.environment(),
                work_folder=work_folder,
            )
            assembly = str(work_folder / "cdk.out")
            source = PartnerSource(aws)
            _deploy(aws, cdk, phases, assembly, source)
            story = tell_story(aws, phases, crm, sign_ups, tickets)
            with phases.phase("record what happened"):
                keep_run(
                    aws,
                    assembly=Path(assembly),
                    name="demo",
                    time_scale=_TIME_SCALE,
                    folder=project_folder / RUNS_FOLDER,
                )
            with phases.phase("cdk destroy") as say:
                cdk.run("destroy", "--app", assembly, "--all", "--force", on_line=say)
            source.look("the stacks destroyed", expected="PENDING")
    phases.total()
    show_story(console, story, source.states)
    console.print("To see it in pictures, path by path and event by event: duet report --open")
    return story.as_expected and all(state.as_expected for state in source.states)


@contextmanager
def _work_folder(project_folder: Path) -> Iterator[Path]:
    scratch = project_folder / ".duet"
    scratch.mkdir(exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="demo-", dir=scratch) as folder:
            yield Path(folder)
    finally:
        with suppress(OSError):  # another demo is under way in it
            scratch.rmdir()


def _deploy(
    aws: EmbeddedAws, cdk: CdkCli, phases: Phases, assembly: str, source: PartnerSource
) -> None:
    with phases.phase("cdk bootstrap") as say:
        account = f"aws://{aws.account_id}/{aws.region}"
        cdk.run("bootstrap", account, in_project=False, on_line=say)
    with phases.phase("event source offered, sender verified, CRM key"):
        source.offer()
        secrets: Any = aws.client("secretsmanager")  # type: ignore[call-overload]  # has no stubs
        secrets.create_secret(
            Name=_CRM_SECRET, SecretString=json.dumps({"authorization": CRM_AUTHORIZATION})
        )
        aws.client("sesv2").create_email_identity(EmailIdentity=_MAIL_SENDER.rsplit("@", 1)[1])
    with phases.phase("cdk deploy: synthesize and deploy three stacks") as say:
        cdk.run(
            "deploy",
            "--all",
            "--output",
            assembly,
            "--context",
            _PARTNER_SOURCE_CONTEXT,
            "--context",
            f"duet:mailSender={_MAIL_SENDER}",
            "--context",
            f"duet:crmEndpoint={_CRM_ENDPOINT}",
            "--context",
            f"duet:crmSecretName={_CRM_SECRET}",
            "--require-approval",
            "never",
            on_line=say,
        )
    source.look("a bus of its name deployed", expected="ACTIVE")
