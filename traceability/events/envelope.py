"""Envelope: the two kinds of document that carry events, and the master data beside them, as the schema has them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from traceability.events.elements import Extended, spelled
from traceability.events.values import Context, Maybe, Moment, Number, Uri, Version


class _Attribute(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    id: Uri
    attribute: Maybe[Number | str | dict[str, Any]] = None


class _VocabularyElement(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    id: Uri
    attributes: Maybe[list[_Attribute]] = None
    children: Maybe[list[Uri]] = None


class _Vocabulary(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow", alias_generator=spelled)
    type: Uri
    vocabulary_element_list: Maybe[list[_VocabularyElement]] = None


class _MasterData(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow", alias_generator=spelled)
    vocabulary_list: Maybe[list[_Vocabulary]] = None


class _Header(Extended):
    epcis_master_data: Maybe[_MasterData] = None


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow", alias_generator=spelled)
    event_list: list[Any]


class _ResultsBody(Extended):
    event_list: list[Any]
    vocabulary_list: Maybe[list[_Vocabulary]] = None


class _QueryResults(Extended):
    query_name: str
    results_body: _ResultsBody
    subscription_id: Maybe[str] = None


class _QueryBody(Extended):
    query_results: _QueryResults


class EPCISDocument(Extended):
    context: Context
    type: Literal["EPCISDocument"]
    schema_version: Version
    creation_date: Moment
    epcis_body: _Body
    id: Maybe[Uri] = None
    instance_identifier: Maybe[str] = None
    sender: Maybe[str] = None
    receiver: Maybe[str] = None
    epcis_header: Maybe[_Header] = None

    @property
    def events(self) -> list[Any]:
        """The events as JSON values."""
        return self.epcis_body.event_list


class EPCISQueryDocument(Extended):
    context: Context
    type: Literal["EPCISQueryDocument"]
    epcis_body: _QueryBody
    id: Maybe[Uri] = None
    schema_version: Maybe[Version] = None
    creation_date: Maybe[Moment] = None

    @property
    def events(self) -> list[Any]:
        """The events of the answer as JSON values."""
        return self.epcis_body.query_results.results_body.event_list
