"""What a request must be, by the same rules as the workflow's. No AWS here."""

import hashlib
import re
from dataclasses import dataclass

EMAIL_MAX_CHARACTERS = 254  # RFC 5321, 4.5.3.1.3, less the two angle brackets
NAME_MAX_CHARACTERS = 100

EMAIL_RULE = (
    "email must be ASCII text that looks like name@domain.tld, "
    f"at most {EMAIL_MAX_CHARACTERS} characters"
)
NAME_RULE = f"name must be text of 1 to {NAME_MAX_CHARACTERS} characters without control characters"
# Printable ASCII but for the space and the at sign.
_EMAIL = re.compile(r"[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+")
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True)
class SignUpRequest:
    """A request that breaks no rule."""

    email: str
    name: str

    @property
    def email_hash(self) -> str:
        """What stands for the address wherever it need not be known."""
        return hashlib.sha256(self.email.encode()).hexdigest()


def checked(*, email: object, name: object) -> SignUpRequest | str:
    """The request with its address normalized, or the rule that it breaks."""
    trimmed_email, trimmed_name = _trimmed(email), _trimmed(name)
    if len(trimmed_email) > EMAIL_MAX_CHARACTERS or not _EMAIL.fullmatch(trimmed_email):
        return EMAIL_RULE
    if not 1 <= len(trimmed_name) <= NAME_MAX_CHARACTERS or _CONTROL_CHARACTER.search(trimmed_name):
        return NAME_RULE
    return SignUpRequest(email=trimmed_email.lower(), name=trimmed_name)


def _trimmed(value: object) -> str:
    """Text as JSONata's $trim makes it; other values are empty."""
    return re.sub(r"[ \t\n\r]+", " ", value).strip(" ") if isinstance(value, str) else ""
