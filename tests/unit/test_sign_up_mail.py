import json
from collections.abc import Callable

import jsonata
import pytest
from aws_cdk import Duration

from constructs_lib.orchestration.sign_up_mail import (
    MailTemplate,
    SignUpMail,
    mail_text_expression,
)
from constructs_lib.validation import ConfigError


def _filled(template: str, **values: str) -> object:
    expression = jsonata.Jsonata(mail_text_expression(template).removeprefix("{%")[:-2])
    frame = expression.create_frame()
    for name, value in values.items():
        frame.bind(name, value)
    return expression.evaluate(None, frame)


@pytest.mark.parametrize(
    "template",
    ["", "plain", "{name}", "{name}{code}", "a \"quoted\" {code}\n\\ and 'this' ☂ {% x %}"],
)
def test_a_template_is_filled_and_every_other_character_is_itself(template: str) -> None:
    expected = template.replace("{name}", "Ada").replace("{code}", "0123456789")

    assert (_filled(template, name="Ada", code="0123456789") or "") == expected


@pytest.mark.parametrize("sender", ["", "example.com", "a b@example.com", "a@b"])
def test_a_sender_that_is_no_address_is_refused(sender: str) -> None:
    with pytest.raises(ConfigError, match="sender must be an e-mail address"):
        SignUpMail(sender=sender)


def test_a_confirmation_without_its_code_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"confirmation must have \{code\} in its text"):
        SignUpMail(
            sender="a@example.com", confirmation=MailTemplate(subject="{code}", text="Hello")
        )


@pytest.mark.parametrize(
    ("argument", "make"),
    [
        ("confirmation", lambda mail: SignUpMail(sender="a@example.com", confirmation=mail)),
        ("welcome", lambda mail: SignUpMail(sender="a@example.com", welcome=mail)),
    ],
)
def test_an_unknown_placeholder_is_refused(
    argument: str, make: Callable[[MailTemplate], SignUpMail]
) -> None:
    template = MailTemplate(subject="Hello", text="{code} {token}")

    with pytest.raises(ConfigError, match=f"{argument} must have no placeholders but .*token"):
        make(template)


@pytest.mark.parametrize("timeout", [Duration.seconds(59), Duration.days(31)])
def test_a_confirmation_timeout_out_of_range_is_refused(timeout: Duration) -> None:
    with pytest.raises(ConfigError, match="confirmation_timeout must be 1 minute to 30 days"):
        SignUpMail(sender="a@example.com", confirmation_timeout=timeout)


def test_an_expression_is_one_json_text() -> None:
    assert json.loads(json.dumps(mail_text_expression("Hi {name}"))) == '{% "Hi " & $name %}'
