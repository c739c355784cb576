"""The way to people."""

import boto3
from event_services.refused import refusals

# Source: SES API v2 reference, SendEmail, Errors (read 2026-11-23).
_FOR_GOOD = frozenset(
    {
        "AccountSuspendedException",
        "BadRequestException",
        "MailFromDomainNotVerifiedException",
        "MessageRejected",
        "NotFoundException",
        "SendingPausedException",
    }
)


class SesMailer:
    """Amazon SES, from one sender."""

    def __init__(self, sender: str) -> None:
        self._sender = sender
        self._ses = boto3.client("sesv2")

    def send(self, *, to: str, subject: str, text: str) -> None:
        """Send a mail in plain text."""
        with refusals("SesV2", _FOR_GOOD):
            self._ses.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [to]},
                Content={
                    "Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": text}}}
                },
            )
