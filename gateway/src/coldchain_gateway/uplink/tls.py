"""TLS to the backend, also while the machine's clock is wrong.

OpenSSL holds certificates against the machine's clock. Where nobody vouches for that one, its check of dates
is switched off and the certificate's own dates are held against the time that is known: exact where somebody
trusted said it, else the latest instant that was ever trusted, before which a certificate must not have
ended. Everything else (chain, name, key) is checked as always.
"""

import http.client
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final

from coldchain.errors import ConfigError
from coldchain_gateway.clock_trust import Validity

# X509_V_FLAG_NO_CHECK_TIME of OpenSSL 1.1 and later; the ssl module has no name for it.
NO_CHECK_TIME: Final = 0x200000


class CertificateDates(ssl.SSLCertVerificationError):
    """The certificate is not valid at the time that is known."""


class Tls:
    """One set of trusted authorities for all connections to one backend.

    Its sessions are resumed: a server that closes idle connections then costs no certificates over the air.
    """

    def __init__(
        self, ca_file: Path | None, cert_file: Path | None = None, key_file: Path | None = None
    ) -> None:
        self._ca_file = ca_file
        self._cert_file = cert_file
        self._key_file = key_file
        self._contexts: dict[bool, ssl.SSLContext] = {}
        self._sessions: dict[bool, ssl.SSLSession] = {}

    def wrap(self, wire: socket.socket, host: str, *, check_time: bool) -> ssl.SSLSocket:
        """Shake hands; `check_time`: let OpenSSL check dates by the machine's clock. Raises ConfigError."""
        context = self._contexts.get(check_time)
        if context is None:  # loaded once: the system's authorities cost a megabyte
            context = self._contexts[check_time] = self._made(check_time=check_time)
        return context.wrap_socket(wire, server_hostname=host, session=self._sessions.get(check_time))

    def remember(self, wire: ssl.SSLSocket, *, check_time: bool) -> None:
        """Resume this session next time."""
        if wire.session is not None:
            self._sessions[check_time] = wire.session

    def _made(self, *, check_time: bool) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=None if self._ca_file is None else str(self._ca_file))
            if self._cert_file is not None:
                context.load_cert_chain(self._cert_file, self._key_file)
        except OSError as error:
            raise ConfigError(f"TLS files cannot be used: {error}", key="uplink") from error
        if not check_time:
            context.verify_flags |= NO_CHECK_TIME
        return context


class TlsConnection(http.client.HTTPConnection):
    """An HTTPS connection whose certificate is judged by the time that is known."""

    default_port = http.client.HTTPS_PORT

    def __init__(
        self, host: str, port: int, timeout_s: float, tls: Tls, validity: Callable[[], Validity | None]
    ) -> None:
        super().__init__(host, port, timeout=timeout_s)
        self._tls = tls
        self._validity = validity()

    def connect(self) -> None:
        """Raises CertificateDates, or what the handshake raises."""
        super().connect()
        wire = self._tls.wrap(self.sock, self.host, check_time=self._validity is None)
        self.sock = wire
        if self._validity is not None:
            fault = date_fault(dict(wire.getpeercert() or {}), self._validity)
            if fault:
                super().close()
                raise CertificateDates(fault)

    def close(self) -> None:
        """See the base class."""
        if isinstance(self.sock, ssl.SSLSocket):
            self._tls.remember(self.sock, check_time=self._validity is None)
        super().close()


def date_fault(certificate: dict[str, object], at: Validity) -> str:
    """Why a certificate (as `getpeercert` gives it) is not valid then; empty where it is."""
    begins, ends = certificate.get("notBefore"), certificate.get("notAfter")
    if not isinstance(begins, str) or not isinstance(ends, str):
        return "the certificate has no dates"
    if ssl.cert_time_to_seconds(ends) * 1000 < at.now_ms:
        return f"the certificate ended at {ends}"
    if at.sure and ssl.cert_time_to_seconds(begins) * 1000 > at.now_ms:
        return f"the certificate begins at {begins}"
    return ""
