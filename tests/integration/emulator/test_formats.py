"""How calls and answers may be sent: headers, packed bodies, formats, lengths, HEAD."""

from __future__ import annotations

import gzip
import zlib

import pytest
import requests

from .conftest import Client

BODY = b'{"Name": "packed"}'
XML = {"Accept": "application/xml"}


def refused(answer: requests.Response) -> tuple[int, str, str]:
    (error,) = answer.json()
    return answer.status_code, error["errorCode"], error["message"]


def test_no_answer_may_be_kept(client: Client) -> None:
    for answer in (client.get("limits"), client.get("sobjects/Account/xyz")):
        assert answer.headers["Cache-Control"] == (
            "no-cache,must-revalidate,max-age=0,no-store,private"
        )
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"


@pytest.mark.parametrize(
    "path", ["/services/data", "sobjects", "sobjects/Account", "limits", "sobjects/User/describe"]
)
def test_a_head_is_a_get_without_the_body(client: Client, path: str) -> None:
    plain = {"Accept-Encoding": "identity"}
    told = client.call("HEAD", path, headers=plain)
    whole = client.call("GET", path, headers=plain)
    assert (told.status_code, told.content) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Last-Modified"):
        assert told.headers.get(name) == whole.headers.get(name)


def test_a_record_can_be_asked_for_its_state_alone(client: Client) -> None:
    contact = client.create("Contact", LastName="Head")
    told = client.call("HEAD", f"sobjects/Contact/{contact}")
    assert (told.status_code, told.content) == (200, b"")
    assert "Last-Modified" in told.headers
    assert client.call("HEAD", f"sobjects/Contact/{contact}/Account").status_code == 404


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", zlib.compress(BODY, wbits=-zlib.MAX_WBITS)),
        ("identity", BODY),
    ],
)
def test_a_body_may_be_packed(client: Client, coding: str, body: bytes) -> None:
    headers = {"Content-Encoding": coding}
    assert client.call("POST", "sobjects/Account", data=body, headers=headers).ok


@pytest.mark.parametrize(
    ("coding", "status", "code"),
    [
        ("gzip", 400, "CLIENTINPUTERROR"),
        ("deflate", 400, "CLIENTINPUTERROR"),
        ("br", 415, "UNSUPPORTED_MEDIA_TYPE"),
    ],
)
def test_a_body_that_is_not_packed_as_it_says_is_refused(
    client: Client, coding: str, status: int, code: str
) -> None:
    headers = {"Content-Encoding": coding}
    answer = client.call("POST", "sobjects/Account", data=BODY, headers=headers)
    assert refused(answer)[:2] == (status, code)


def test_an_answer_is_packed_where_that_is_taken(client: Client) -> None:
    packed = client.call("GET", "sobjects/Account/describe")
    assert packed.headers["Content-Encoding"] == "gzip"
    plain = client.call("GET", "sobjects/Account/describe", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert packed.content == plain.content
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"])


@pytest.mark.parametrize(
    "kind", ["application/xml", "application/x-www-form-urlencoded", "text/plain;charset=UTF-8"]
)
def test_a_body_has_to_be_json(client: Client, kind: str) -> None:
    answer = client.call("POST", "sobjects/Account", data=BODY, headers={"Content-Type": kind})
    message = f"MediaType of '{kind.partition(';')[0]}' is not supported by this resource"
    assert refused(answer) == (415, "UNSUPPORTED_MEDIA_TYPE", message)


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8"])
def test_json_is_known_however_it_is_spelled(client: Client, kind: str) -> None:
    assert client.call("POST", "sobjects/Account", data=BODY, headers={"Content-Type": kind}).ok


def test_xml_is_refused_and_not_answered_with_json(client: Client) -> None:
    assert refused(client.call("GET", "limits", headers=XML))[:2] == (406, "NOT_ACCEPTABLE")
    both = {"Accept": "application/xml, application/json;q=0.5"}
    assert client.call("GET", "limits", headers=both).ok
    assert client.call("GET", "limits", headers={"Accept": "text/xml, */*;q=0.1"}).ok


@pytest.mark.parametrize("path", ["sobjects/Account", "limits", "sobjects/User/describe"])
def test_a_path_may_end_with_its_format_until_57(client: Client, path: str) -> None:
    assert client.call("GET", f"/services/data/v57.0/{path}.json").ok
    assert client.call("GET", f"/services/data/v57.0/{path}.xml").status_code == 406
    assert client.call("GET", f"/services/data/v58.0/{path}.json").status_code == 404


def test_what_is_too_long_is_refused_before_the_api_reads_it(client: Client) -> None:
    used = client.get("limits").headers["Sforce-Limit-Info"]
    answer = client.get("query", q="x" * 16_400)
    assert (answer.status_code, answer.headers["Content-Type"]) == (414, "text/html")
    assert answer.text == "<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>"
    answer = client.call("GET", f"query?q={'x' * 10_000}", headers={"X-Much": "y" * 7_000})
    assert answer.status_code == 431
    told = "<h1>Bad Message 431</h1><pre>reason: Request Header Fields Too Large</pre>"
    assert answer.text == told
    assert used.startswith("api-usage=")
    assert int(client.get("limits").headers["Sforce-Limit-Info"][10:].split("/")[0]) == (
        int(used[10:].split("/")[0]) + 1
    )


def test_a_wrong_method_is_told_the_right_ones(client: Client) -> None:
    record = client.create("Account", Name="Method")
    for path, allowed in [
        ("sobjects/Account", "HEAD,GET,POST"),
        (f"sobjects/Account/{record}", "HEAD,GET,PATCH,DELETE"),
        ("query", "HEAD,GET"),
    ]:
        message = f"HTTP Method 'PUT' not allowed. Allowed are {allowed}"
        assert refused(client.call("PUT", path)) == (405, "METHOD_NOT_ALLOWED", message)


@pytest.mark.parametrize("version", ["v60", "v60.5", "v060.0", "v60.00"])
def test_a_version_is_spelled_in_one_way(client: Client, version: str) -> None:
    answer = client.call("GET", f"/services/data/{version}/limits")
    assert refused(answer)[:2] == (404, "NOT_FOUND")
