"""Which addresses a token may be sent to: https anywhere, http on this machine only."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from connectsql.errors import UsageError


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine: localhost, 127.0.0.0/8 or ::1."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def base_url(url: str) -> str:
    """Return scheme, host and port of an org's address, without path or slash.

    Raises UsageError where a token would travel in the clear or the address is none.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UsageError("the org's address is not a URL", hint=_EXAMPLE) from None
    _refuse_unsafe(parts, host)
    shown = f"[{host}]" if host and ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")


_EXAMPLE = "write it as https://acme.my.salesforce.com"


def _refuse_unsafe(parts: SplitResult, host: str | None) -> None:
    if parts.username is not None or parts.password is not None:
        raise UsageError("the org's address holds a user name or password", hint=_EXAMPLE)
    if parts.scheme not in ("https", "http") or not host:
        raise UsageError(f"the org's address {parts.geturl()!r} is not an https URL", hint=_EXAMPLE)
    if parts.scheme == "http" and not is_loopback(host):
        raise UsageError(
            f"http to {host} would send the access token in the clear",
            hint="use https; http is for an emulator on this machine (localhost, 127.0.0.1, ::1)",
        )
