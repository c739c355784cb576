"""The partners as data: names, samples, evidence."""

import dataclasses
import json
import re

import pytest

from constructs_lib.partners import (
    AUTH0,
    FRESHWORKS,
    KNOWN_PARTNERS,
    MONGODB,
    STRIPE,
    Evidence,
    PartnerSource,
)
from constructs_lib.rules import ConfigError

_AWS_NAME = re.compile(r"aws\.partner(/[\.\-_A-Za-z0-9]+){2,}")

each_partner = pytest.mark.parametrize("partner", KNOWN_PARTNERS, ids=lambda each: each.name)


def test_the_eight_partners_are_known() -> None:
    assert [partner.domain.removesuffix(".com") for partner in KNOWN_PARTNERS] == [
        "auth0",
        "datadog",
        "freshworks",
        "mongodb",
        "okta",
        "salesforce",
        "shopify",
        "stripe",
    ]


@each_partner
def test_the_example_of_a_name_is_valid_for_partner_and_aws(partner: PartnerSource) -> None:
    partner.require_source_name(partner.example_source_name)

    assert _AWS_NAME.fullmatch(partner.example_source_name)


@each_partner
def test_the_names_of_all_other_partners_are_refused(partner: PartnerSource) -> None:
    others = [other for other in KNOWN_PARTNERS if other is not partner]

    for other in others:
        with pytest.raises(ConfigError, match=f"such as '{partner.example_source_name}'"):
            partner.require_source_name(other.example_source_name)


@each_partner
def test_each_partner_has_samples_steps_and_evidence_with_source_and_date(
    partner: PartnerSource,
) -> None:
    assert partner.samples
    assert partner.connect
    assert partner.documentation.startswith("https://")
    assert {each.fields[0].split(":")[0].split(".")[0] for each in partner.evidence} <= {
        "source",
        "detail-type",
        "detail",
    }
    assert all(each.source and each.read_on.year >= 2026 for each in partner.evidence)


@each_partner
def test_evidence_covers_source_detail_type_and_every_field_of_the_samples(
    partner: PartnerSource,
) -> None:
    marked = {field.split(":")[0] for each in partner.evidence for field in each.fields}
    fields = {f"detail.{field}" for sample in partner.samples for field in sample.detail}

    assert {"source", "detail-type"} <= marked
    assert "detail" in marked or fields <= {".".join(name.split(".")[:2]) for name in marked}


def test_what_freshworks_does_not_publish_is_marked_as_inferred() -> None:
    inferred = [each for each in FRESHWORKS.evidence if each.kind is Evidence.INFERENCE]

    assert {"source: rest", "detail-type"} <= {field for each in inferred for field in each.fields}


@each_partner
def test_samples_name_no_mail_domain_or_address_of_anybody(partner: PartnerSource) -> None:
    text = json.dumps([sample.detail for sample in partner.samples])

    assert set(re.findall(r"@([a-z.]+\.[a-z]+)", text)) <= {"example.com"}
    assert all(ip.startswith("192.0.2.") for ip in re.findall(r"\d+\.\d+\.\d+\.\d+", text))


@pytest.mark.parametrize(
    ("partner", "name", "meant"),
    [
        (
            STRIPE,
            "arn:aws:events:us-east-1::event-source/aws.partner/stripe.com/ed_1",
            "aws.partner/stripe.com/ed_1",
        ),
        (
            STRIPE,
            "arn:aws:events:us-east-1:123456789012:event-bus/aws.partner/stripe.com/ed_1",
            "aws.partner/stripe.com/ed_1",
        ),
        (STRIPE, "stripe.com/ed_1", "aws.partner/stripe.com/ed_1"),
        (STRIPE, "stand-in.partner/stripe.com/ed_1", "aws.partner/stripe.com/ed_1"),
        (STRIPE, " aws.partner/Stripe.com/ed_1/ ", "aws.partner/stripe.com/ed_1"),
        (
            MONGODB,
            "STITCH.TRIGGER/65E5A1F00000000000000001",
            "aws.partner/mongodb.com/stitch.trigger/65e5a1f00000000000000001",
        ),
        (
            FRESHWORKS,
            "aws.partner/freshworks.com/acme tickets",
            "aws.partner/freshworks.com/acme-tickets",
        ),
    ],
)
def test_the_nearest_valid_name_is_told(partner: PartnerSource, name: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=rf"did you mean '{re.escape(meant)}'\?"):
        partner.require_source_name(name)


@pytest.mark.parametrize("name", ["", None, 7, "aws.partner/freshworks.com/" + "a" * 230])
def test_where_no_name_is_near_an_example_is_told(name: object) -> None:
    with pytest.raises(ConfigError, match=r"such as 'aws\.partner/freshworks\.com/acme"):
        FRESHWORKS.require_source_name(name)


def test_a_name_may_be_as_long_as_aws_allows() -> None:
    prefix = FRESHWORKS.source_prefix

    FRESHWORKS.require_source_name(prefix + "a" * (256 - len(prefix)))


@pytest.mark.parametrize(
    ("partner", "name"),
    [
        (MONGODB, "aws.partner/mongodb.com/stitch.trigger/123"),
        (AUTH0, "aws.partner/auth0.com/acme/auth0.logs"),
        (STRIPE, "aws.partner/stripe.com/acct_1"),
    ],
)
def test_a_name_of_the_right_domain_must_have_the_partners_form(
    partner: PartnerSource, name: str
) -> None:
    with pytest.raises(ConfigError, match=f"go on with {re.escape(partner.source_name_form.rule)}"):
        partner.require_source_name(name)


def test_a_partner_that_duet_does_not_know_takes_what_aws_takes() -> None:
    partner = PartnerSource(domain="example.com", documentation="https://example.com")

    partner.require_source_name("aws.partner/example.com/a/b.c_d-e")
    with pytest.raises(ConfigError):
        partner.require_source_name("aws.partner/example.com/")


@each_partner
def test_a_partners_entry_carries_the_sample_under_a_source_of_the_partner(
    partner: PartnerSource,
) -> None:
    (sample, *_) = partner.samples

    entry = partner.partner_entry(sample)

    assert entry["Source"] == partner.example_source_name
    assert entry["DetailType"] == sample.detail_type
    assert json.loads(str(entry["Detail"])) == sample.detail
    assert entry["Resources"] == list(sample.resources)


def test_a_simulated_entry_names_bus_and_the_stand_in_of_the_source() -> None:
    (sample,) = STRIPE.samples

    entry = STRIPE.simulated_entry(
        sample, event_bus_name="bus", event_source_name="aws.partner/stripe.com/ed_1"
    )

    assert (entry["EventBusName"], entry["Source"]) == ("bus", "stand-in.partner/stripe.com/ed_1")


def test_nobody_sends_in_another_partners_name() -> None:
    (sample,) = STRIPE.samples

    with pytest.raises(ConfigError, match="event_source_name must start with"):
        STRIPE.partner_entry(sample, event_source_name=AUTH0.example_source_name)


def test_partners_are_values_that_may_be_replaced() -> None:
    other = dataclasses.replace(AUTH0, domain="auth0.example")

    assert other.source_prefix == "aws.partner/auth0.example/"
