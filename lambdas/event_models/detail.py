"""How details are written: in camelCase; unknown fields are a publisher's later additions."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Detail(BaseModel):
    """The detail of an event, or a part of one."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True
    )

    #: The ``source`` of the event; only events themselves have one.
    event_source: ClassVar[str]
