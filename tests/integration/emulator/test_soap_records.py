"""What only SOAP can do with records: undelete, empty the recycle bin, merge."""

from __future__ import annotations

from xml.etree import ElementTree

import requests

from .conftest import Client

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
PARTNER = "urn:partner.soap.sforce.com"
OBJECTS = "urn:sobject.partner.soap.sforce.com"
NIL = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'


def call(client: Client, operation: str, content: str) -> list[ElementTree.Element]:
    """Return the results of an operation."""
    header = f"<SessionHeader><sessionId>{client.org.access_token}</sessionId></SessionHeader>"
    body = (
        f'<se:Envelope xmlns:se="{ENVELOPE}" xmlns="{PARTNER}"><se:Header>{header}</se:Header>'
        f"<se:Body><{operation}>{content}</{operation}></se:Body></se:Envelope>"
    )
    url = f"{client.org.url}/services/Soap/u/60.0"
    headers = {"Content-Type": "text/xml", "SOAPAction": '""'}
    answer = requests.post(url, data=body, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    return ElementTree.fromstring(answer.content).findall(f".//{{{PARTNER}}}result")


def ids(*given: str) -> str:
    return "".join(f"<ids>{one}</ids>" for one in given)


def texts(result: ElementTree.Element, name: str) -> list[str]:
    return [one.text or "" for one in result.iter(f"{{{PARTNER}}}{name}")]


def deleted(client: Client, **fields: str) -> str:
    record_id = client.create("Account", **fields)
    client.call("DELETE", f"sobjects/Account/{record_id}")
    return record_id


def test_undelete(client: Client) -> None:
    gone, there = deleted(client, Name="gone"), client.create("Account", Name="there")
    back, refused = call(client, "undelete", ids(gone, there))
    assert (texts(back, "id"), texts(back, "success")) == ([gone], ["true"])
    assert [one.tag.rpartition("}")[2] for one in refused] == ["errors", "id", "success"]
    assert texts(refused, "statusCode") == ["UNDELETE_FAILED"]
    assert texts(refused, "message") == ["Entity is not in the recycle bin"]
    assert client.names(f"SELECT Name FROM Account WHERE Id = '{gone}'") == ["gone"]


def test_empty_recycle_bin(client: Client) -> None:
    gone, there = deleted(client, Name="gone"), client.create("Account", Name="there")
    emptied, refused = call(client, "emptyRecycleBin", ids(gone, there))
    assert texts(emptied, "success") == ["true"]
    assert texts(refused, "statusCode") == ["INVALID_ID_FIELD"]
    found = client.get("queryAll", q=f"SELECT Id FROM Account WHERE Id IN ('{gone}', '{there}')")
    assert [one["Id"] for one in found.json()["records"]] == [there]


def test_merge(client: Client) -> None:
    master, loser = (client.create("Account", Name=name, Site="x") for name in "ab")
    contact = client.create("Contact", LastName="x", AccountId=loser)
    record = (
        f'<masterRecord xmlns:o="{OBJECTS}"><o:type>Account</o:type><o:Id>{master}</o:Id>'
        f"<o:Name>One &amp; only</o:Name><o:Site {NIL}/><o:NumberOfEmployees>7"
        "</o:NumberOfEmployees></masterRecord>"
    )
    losers = f"<recordToMergeIds>{loser}</recordToMergeIds>"
    (result,) = call(client, "merge", f"<request>{record}{losers}</request>")
    assert [(one.tag.rpartition("}")[2], one.text) for one in result] == [
        ("id", master),
        ("mergedRecordIds", loser),
        ("success", "true"),
        ("updatedRelatedIds", contact),
    ]
    text = f"SELECT Name, Site, NumberOfEmployees FROM Account WHERE Id = '{master}'"
    (kept,) = client.query(text)
    assert (kept["Name"], kept["Site"], kept["NumberOfEmployees"]) == ("One & only", None, 7)
    (refused,) = call(client, "merge", f"<request>{record}</request>")
    assert texts(refused, "statusCode") == ["MERGE_FAILED"]
