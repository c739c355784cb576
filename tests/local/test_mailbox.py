"""The mailbox of the embedded AWS: who sent what to whom, through the API, a task or Cognito."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError

from constructs_lib.local import EmbeddedAws, EmbeddedAwsError, Mail, Mailbox

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

    from tests.local.conftest import WaitUntil

SENDER = "shop@example.com"


@pytest.fixture
def ses(aws: EmbeddedAws) -> Iterator[SESV2Client]:
    with closing(aws.client("sesv2")) as client:
        identities = client.list_email_identities()["EmailIdentities"]
        if SENDER not in {identity["IdentityName"] for identity in identities}:
            client.create_email_identity(EmailIdentity=SENDER)
        yield client


@pytest.fixture
def mailbox(aws: EmbeddedAws) -> Mailbox:
    return Mailbox(aws)


@pytest.fixture
def person() -> str:
    return f"{uuid.uuid4().hex[:8]}@example.org"


def a_mail(
    to: str, subject: str = "Welcome", *, sender: str = SENDER, **destination: object
) -> dict[str, Any]:
    body = {"Text": {"Data": "Your code: 1234"}, "Html": {"Data": "<p>1234</p>"}}
    return {
        "FromEmailAddress": sender,
        "Destination": {"ToAddresses": [to], **destination},
        "Content": {"Simple": {"Subject": {"Data": subject}, "Body": body}},
    }


def test_a_mail_sent_through_the_api_is_in_the_mailbox(
    ses: SESV2Client, mailbox: Mailbox, person: str
) -> None:
    ses.send_email(**a_mail(person))
    assert mailbox.latest(to=person) == Mail(
        to=(person,),
        sender=SENDER,
        subject="Welcome",
        text="Your code: 1234",
        html="<p>1234</p>",
    )


@pytest.mark.usefixtures("ses")
def test_a_mail_sent_by_a_task_is_in_the_mailbox(
    aws: EmbeddedAws, mailbox: Mailbox, person: str
) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sesv2:sendEmail",
        "Arguments": a_mail("{% $states.input.email %}", "{% 'Hello ' & $states.input.name %}"),
        "End": True,
    }
    definition = {"QueryLanguage": "JSONata", "StartAt": "Mail", "States": {"Mail": task}}
    with closing(aws.client("stepfunctions")) as workflows:
        machine = workflows.create_state_machine(
            name=f"mail-{uuid.uuid4().hex[:8]}",
            type="EXPRESS",
            definition=json.dumps(definition),
            roleArn="arn:aws:iam::000000000000:role/any",
        )["stateMachineArn"]
        ended = workflows.start_sync_execution(
            stateMachineArn=machine, input=json.dumps({"email": person, "name": "Ann"})
        )
    assert set(json.loads(ended["output"])) == {"MessageId"}
    mail = mailbox.latest(to=person)
    assert (mail.subject, mail.text, mail.html) == ("Hello Ann", "Your code: 1234", "<p>1234</p>")


def test_a_template_is_in_the_mailbox_as_the_person_reads_it(
    ses: SESV2Client, mailbox: Mailbox, person: str
) -> None:
    name = f"template-{uuid.uuid4().hex[:8]}"
    ses.create_email_template(
        TemplateName=name, TemplateContent={"Subject": "Hi {{name}}", "Text": "Dear {{name}}"}
    )
    template = {"TemplateName": name, "TemplateData": json.dumps({"name": "Ann"})}
    ses.send_email(**{**a_mail(person), "Content": {"Template": template}})
    mail = mailbox.latest(to=person)
    assert (mail.subject, mail.text, mail.html) == ("Hi Ann", "Dear Ann", "")


def test_messages_come_oldest_first_and_the_latest_is_the_last(
    ses: SESV2Client, mailbox: Mailbox, person: str
) -> None:
    for subject in ("first", "second"):
        ses.send_email(**a_mail(person, subject))
    assert [mail.subject for mail in mailbox.messages(to=person)] == ["first", "second"]
    assert mailbox.latest(to=person).subject == "second"


def test_only_the_persons_own_mail_is_found_copies_included(
    ses: SESV2Client, mailbox: Mailbox, person: str
) -> None:
    boss = f"Boss-{person}"
    ses.send_email(**a_mail(person, "copied", CcAddresses=[f"The boss <{boss}>"]))
    ses.send_email(**a_mail(person, "private"))
    assert [mail.subject for mail in mailbox.messages(to=boss.lower())] == ["copied"]
    assert {mail.subject for mail in mailbox.messages()} >= {"copied", "private"}


def test_the_latest_waits_for_a_mail_that_comes(
    ses: SESV2Client, aws: EmbeddedAws, person: str
) -> None:
    looked = threading.Event()

    class NotedMailbox(Mailbox):
        def messages(self, *, to: str | None = None) -> Sequence[Mail]:
            found = super().messages(to=to)
            looked.set()
            return found

    with ThreadPoolExecutor() as reader:
        latest = reader.submit(NotedMailbox(aws).latest, to=person)
        assert looked.wait(timeout=10)
        ses.send_email(**a_mail(person))
        assert latest.result().subject == "Welcome"


def test_no_mail_in_time_is_an_error_that_names_the_person(mailbox: Mailbox, person: str) -> None:
    with pytest.raises(TimeoutError, match=person):
        mailbox.latest(to=person, within_seconds=0)


def test_a_mail_of_another_account_is_not_in_the_mailbox(
    aws: EmbeddedAws, mailbox: Mailbox, person: str
) -> None:
    other_account = boto3.client(
        "sesv2",
        endpoint_url=aws.endpoint_url,
        region_name=aws.region,
        aws_access_key_id="111111111111",
        aws_secret_access_key="any",  # noqa: S106 - nothing checks it
    )
    with closing(other_account):
        other_account.create_email_identity(EmailIdentity=SENDER)
        other_account.send_email(**a_mail(person))
    assert mailbox.messages(to=person) == []


def test_a_mailbox_of_an_aws_that_does_not_run_says_so() -> None:
    with pytest.raises(EmbeddedAwsError, match="not running"):
        Mailbox(EmbeddedAws()).messages()


def test_a_sender_that_is_no_verified_identity_is_refused(
    ses: SESV2Client, mailbox: Mailbox, person: str
) -> None:
    with pytest.raises(ClientError, match="not verified") as error:
        ses.send_email(**a_mail(person, sender="stranger@example.net"))
    assert error.value.response["Error"]["Code"] == "MessageRejected"
    assert mailbox.messages(to=person) == []


def test_an_address_of_a_verified_domain_may_send(
    ses: SESV2Client, mailbox: Mailbox, person: str
) -> None:
    domain = f"{uuid.uuid4().hex[:8]}.example"
    ses.create_email_identity(EmailIdentity=domain)
    ses.send_email(**a_mail(person, sender=f"news@{domain}"))
    assert mailbox.latest(to=person).sender == f"news@{domain}"


def test_the_invitation_that_cognito_sends_is_in_the_mailbox(
    aws: EmbeddedAws, mailbox: Mailbox, person: str, wait_until: WaitUntil
) -> None:
    with closing(aws.client("cognito-idp")) as cognito:
        pool = cognito.create_user_pool(PoolName="invited")["UserPool"]["Id"]
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=person,
            UserAttributes=[{"Name": "email", "Value": person}],
            DesiredDeliveryMediums=["EMAIL"],
        )
        cognito.delete_user_pool(UserPoolId=pool)
    found = wait_until(lambda: cast(list[Mail], mailbox.messages(to=person)))
    assert person in found[0].text
