"""The demo's CRM refuses what Freshdesk would, so that the demo cannot show a contact in vain."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from http import HTTPStatus

import pytest

from constructs_lib.demo.crm import CRM_AUTHORIZATION, Contact, LocalCrm

_HEADERS = {
    "Authorization": CRM_AUTHORIZATION,
    "X-Correlation-Id": "request-1",
    "Content-Type": "application/json",
}
_CONTACT = {"name": "User user-1", "unique_external_id": "user-1"}


@pytest.fixture
def crm() -> Iterator[LocalCrm]:
    with LocalCrm() as crm:
        yield crm


def _post(url: str, body: bytes, *, headers: dict[str, str] | None = None) -> HTTPStatus:
    request = urllib.request.Request(url, data=body, headers=headers or _HEADERS)  # noqa: S310 - http on loopback
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - http on loopback
            return HTTPStatus(answer.status)
    except urllib.error.HTTPError as error:
        return HTTPStatus(error.code)


def test_a_contact_is_kept_with_the_request_that_led_to_it(crm: LocalCrm) -> None:
    status = _post(crm.contacts_url, json.dumps(_CONTACT).encode())

    assert status is HTTPStatus.CREATED
    assert crm.wait_for_contacts(["user-1"]) == {
        "user-1": Contact(**_CONTACT, correlation_id="request-1")
    }
    assert crm.refused == []


def test_an_external_id_is_taken_once(crm: LocalCrm) -> None:
    _post(crm.contacts_url, json.dumps(_CONTACT).encode())

    status = _post(crm.contacts_url, json.dumps({**_CONTACT, "name": "Other"}).encode())

    assert status is HTTPStatus.CONFLICT
    assert crm.contacts["user-1"].name == "User user-1"
    assert crm.refused == [HTTPStatus.CONFLICT]


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b"[]",
        json.dumps({"name": "User user-1"}).encode(),
        json.dumps({**_CONTACT, "name": ""}).encode(),
        json.dumps({**_CONTACT, "unique_external_id": 7}).encode(),
        json.dumps({**_CONTACT, "email": "ada@example.com"}).encode(),
    ],
)
def test_what_is_no_contact_is_refused(crm: LocalCrm, body: bytes) -> None:
    assert _post(crm.contacts_url, body) is HTTPStatus.BAD_REQUEST

    assert crm.contacts == {}


@pytest.mark.parametrize("authorization", ["", "Basic d3Jvbmc6WA==", "demo-key"])
def test_a_wrong_key_is_refused(crm: LocalCrm, authorization: str) -> None:
    headers = {**_HEADERS, "Authorization": authorization}

    status = _post(crm.contacts_url, json.dumps(_CONTACT).encode(), headers=headers)

    assert status is HTTPStatus.UNAUTHORIZED
    assert crm.contacts == {}


def test_another_path_is_not_found(crm: LocalCrm) -> None:
    status = _post(f"{crm.contacts_url}/7", json.dumps(_CONTACT).encode())

    assert status is HTTPStatus.NOT_FOUND
    assert crm.contacts == {}
