"""The token in use: one for all threads, renewed by one of them."""

from __future__ import annotations

import threading

from connectsql.errors import LoginFailed, OrgUnreachable
from connectsql.salesforce.login import Grant, Login
from connectsql.salesforce.transport import Transport


class TokenKeeper:
    """Logs in when first asked, and anew when a grant has ended.

    Threads that need a grant while one of them logs in wait for it and share the outcome,
    a failure too: a wrong secret is not tried, and a timeout not sat out, once per thread.
    """

    def __init__(self, login: Login, transport: Transport, instance_url: str) -> None:
        self._login = login
        self._transport = transport
        self._instance_url = instance_url
        self._lock = threading.Lock()
        self._grant: Grant | None = None
        self._logins = 0
        self._failure: LoginFailed | OrgUnreachable | None = None

    @property
    def instance_url(self) -> str:
        """The org's address: as given, until a login names another."""
        return self._grant.instance_url if self._grant else self._instance_url

    def grant(self) -> Grant:
        """Return the grant in use, logging in first if there is none."""
        return self._grant or self.renew(None)

    def renew(self, ended: Grant | None) -> Grant:
        """Return another grant than ``ended``.

        Raises LoginFailed when refused or when the login cannot give a second one,
        OrgUnreachable (not sent) when the org does not answer.
        """
        seen = self._logins
        with self._lock:
            if self._grant is not None and self._grant is not ended:
                return self._grant
            if self._failure is not None and self._logins != seen:
                raise _again(self._failure)
            if ended is not None and not self._login.renewable:
                raise LoginFailed("the access token has ended or was never good", hint=_RENEW)
            return self._log_in()

    def _log_in(self) -> Grant:
        self._failure = None
        try:
            self._grant = self._login.grant(self._transport, self._instance_url)
        except (LoginFailed, OrgUnreachable) as error:
            self._failure = _again(error)
            raise self._failure from None
        finally:
            self._logins += 1
        return self._grant


def _again(error: LoginFailed | OrgUnreachable) -> LoginFailed | OrgUnreachable:
    """Return the failure anew: each thread gets one of its own to raise."""
    if isinstance(error, LoginFailed):
        return LoginFailed(error.message, hint=error.hint)
    # The call itself waits behind the login, so it has not left.
    return OrgUnreachable(error.message, hint=error.hint, sent=False)


_RENEW = "set a new access token, or use a client id and secret, which renew themselves"
