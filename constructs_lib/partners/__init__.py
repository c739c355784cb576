"""SaaS partners as data, for constructs and tools alike: names, sample events, their evidence."""

from constructs_lib.partners.evidence import Evidence, EvidenceOfFields
from constructs_lib.partners.known_partners import (
    AUTH0,
    DATADOG,
    FRESHWORKS,
    KNOWN_PARTNERS,
    MONGODB,
    OKTA,
    SALESFORCE,
    SHOPIFY,
    STRIPE,
)
from constructs_lib.partners.partner_source import PartnerSource
from constructs_lib.partners.sample_event import SampleEvent
from constructs_lib.partners.source_name_form import SourceNameForm

__all__ = [
    "AUTH0",
    "DATADOG",
    "FRESHWORKS",
    "KNOWN_PARTNERS",
    "MONGODB",
    "OKTA",
    "SALESFORCE",
    "SHOPIFY",
    "STRIPE",
    "Evidence",
    "EvidenceOfFields",
    "PartnerSource",
    "SampleEvent",
    "SourceNameForm",
]
