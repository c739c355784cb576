"""What the sign-up workflow mails, and to whose name."""

import json
import re
from dataclasses import dataclass, field

from aws_cdk import ArnFormat, Duration, Stack, Token
from aws_cdk import aws_iam as iam
from constructs import IConstruct

from constructs_lib.validation import ConfigError, require_match

_PLACEHOLDER = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True, kw_only=True)
class MailTemplate:
    """A mail in plain text; ``{name}`` and, in a confirmation, ``{code}`` stand for their values.

    Args:
        subject: The subject line.
        text: The body.
    """

    subject: str
    text: str


@dataclass(frozen=True, kw_only=True)
class SignUpMail:
    """The mails of a sign-up workflow, sent through Amazon SES.

    SES asks for the right to send on the most exact identity of the sender that the account has
    verified, its address before its domain, and, while the account is in SES's sandbox, on the
    identity of the recipient too. So what may be used is any identity of the account, and
    what may be sent is mail from ``sender`` alone.

    Args:
        sender: Address from which they come.
        identity: The one SES identity that may be used, a domain or an address; any that the
            account has verified when not given. In the sandbox, with one named, SES refuses mails
            to a recipient that is verified under another.
        confirmation: The mail with the code by which a person confirms the address; ``None`` asks
            for no confirmation.
        confirmation_timeout: How long the code is valid, 1 minute to 30 days.
        welcome: The mail after the sign-up, best effort; ``None`` sends none.
    Raises:
        ConfigError: ``sender`` is no address, a template has an unknown placeholder, the
            confirmation lacks ``{code}``, or the timeout is out of range.
    Source: SES developer guide, "Identity and Access Management in Amazon SES" and "Sending policy
        examples"; what SES checks: aws/aws-sdk-js issue 3641, cloudposse/terraform-aws-ses issue
        40, aws-samples/aws-serverless-batch-architecture issue 1 (read 2026-11-27).
    """

    sender: str
    identity: str | None = None
    confirmation: MailTemplate | None = field(
        default_factory=lambda: MailTemplate(
            subject="Please confirm your e-mail address",
            text="Hello {name},\n\nyour confirmation code is {code}.\n",
        )
    )
    confirmation_timeout: Duration = field(default_factory=lambda: Duration.hours(24))
    welcome: MailTemplate | None = field(
        default_factory=lambda: MailTemplate(
            subject="Welcome", text="Hello {name},\n\nit is good to have you.\n"
        )
    )

    def __post_init__(self) -> None:
        """Check what can be checked before any state is made."""
        require_match(
            "sender",
            self.sender,
            r"[^\s@]+@[^\s@]+\.[^\s@]+",
            rule="be an e-mail address",
            remedy="name an address of an identity that SES has verified",
        )
        if self.confirmation is not None:
            _require_placeholders("confirmation", self.confirmation, {"name", "code"})
            if "{code}" not in self.confirmation.text:
                raise ConfigError(
                    f"confirmation must have {{code}} in its text, got {self.confirmation.text!r}; "
                    "without it nobody can confirm"
                )
        if self.welcome is not None:
            _require_placeholders("welcome", self.welcome, {"name"})
        if not self.confirmation_timeout.is_unresolved():
            seconds = self.confirmation_timeout.to_seconds()
            if not 60 <= seconds <= 30 * 86_400:
                raise ConfigError(
                    f"confirmation_timeout must be 1 minute to 30 days, got {seconds} seconds; "
                    "24 hours suits most"
                )

    def identities_arn(self, scope: IConstruct) -> str:
        """The SES identities of the account that may be used to send."""
        return Stack.of(scope).format_arn(
            service="ses",
            resource="identity",
            resource_name=self.identity or "*",
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )

    def deny_other_senders(self, scope: IConstruct) -> iam.PolicyStatement:
        """What keeps whoever may use the identities from sending under another address."""
        return iam.PolicyStatement(
            effect=iam.Effect.DENY,
            actions=["ses:SendEmail"],
            resources=[self.identities_arn(scope)],
            # Also true where there is no such address.
            conditions={"StringNotEqualsIgnoreCase": {"ses:FromAddress": self.sender}},
        )


def mail_text_expression(template_text: str) -> str:
    """The JSONata expression that fills a template; every other character is itself."""
    parts = _PLACEHOLDER.split(template_text)
    quoted = [_quoted(part) if index % 2 == 0 else f"${part}" for index, part in enumerate(parts)]
    filled = [part for part in quoted if part != '""'] or ['""']
    return f"{{% {' & '.join(filled)} %}}"


def _quoted(text: str) -> str:
    """A JSONata string; its escapes are those of JSON."""
    return json.dumps(text)


def _require_placeholders(argument: str, template: MailTemplate, known: set[str]) -> None:
    if Token.is_unresolved(template.subject) or Token.is_unresolved(template.text):
        raise ConfigError(
            f"{argument} must be text known at synth, got a token; write the text itself"
        )
    unknown = set(_PLACEHOLDER.findall(template.subject + template.text)) - known
    if unknown:
        raise ConfigError(
            f"{argument} must have no placeholders but {sorted(known)}, got {sorted(unknown)}; "
            "write the text without braces"
        )
