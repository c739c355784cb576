"""The partners that Duet knows: one JSON file each, beside this module."""

import json
from datetime import date
from importlib import resources

from constructs_lib.partners.evidence import Evidence, EvidenceOfFields
from constructs_lib.partners.partner_source import PartnerSource
from constructs_lib.partners.sample_event import SampleEvent
from constructs_lib.partners.source_name_form import SourceNameForm


def _read(file_name: str) -> PartnerSource:
    text = resources.files(__package__).joinpath(file_name).read_text(encoding="utf-8")
    data = json.loads(text)
    read_on = date.fromisoformat(data["read_on"])
    return PartnerSource(
        domain=data["domain"],
        documentation=data["documentation"],
        name=data["name"],
        source_name_form=SourceNameForm(**data["source_name"]),
        connect=tuple(data["connect"]),
        samples=tuple(
            SampleEvent(
                detail_type=sample["detail_type"],
                detail=sample["detail"],
                resources=tuple(sample.get("resources", ())),
            )
            for sample in data["samples"]
        ),
        evidence=tuple(
            EvidenceOfFields(
                fields=tuple(each["fields"]),
                kind=Evidence(each["kind"]),
                source=each["source"],
                read_on=read_on,
            )
            for each in data["evidence"]
        ),
    )


AUTH0 = _read("auth0.json")
DATADOG = _read("datadog.json")
#: Freshdesk and the other Freshworks products.
FRESHWORKS = _read("freshworks.json")
MONGODB = _read("mongodb.json")
OKTA = _read("okta.json")
SALESFORCE = _read("salesforce.json")
SHOPIFY = _read("shopify.json")
STRIPE = _read("stripe.json")

#: All of them, in the order of their names.
KNOWN_PARTNERS = (AUTH0, DATADOG, FRESHWORKS, MONGODB, OKTA, SALESFORCE, SHOPIFY, STRIPE)
