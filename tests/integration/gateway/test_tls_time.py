"""Certificates while the machine's clock is wrong, against a real TLS server."""

from collections.abc import Callable
from pathlib import Path

import pytest

from coldchain_gateway.clock_trust import Validity
from coldchain_gateway.uplink import Connection, Endpoint, Tls, Unreachable
from coldchain_runtime.clock import SystemClock
from support.acceptance import Figures
from support.backend_sink import BackendSink
from support.certificates import certificate, days_from_now

DAY_MS = 86_400_000
Known = Callable[[], Validity | None]


def at(days: int, *, sure: bool) -> Callable[[], Validity]:
    """The time that is known, days from the machine's."""
    return lambda: Validity(now_ms=SystemClock().now_ms() + days * DAY_MS, sure=sure)


def ask(sink: BackendSink, tls: Tls, validity: Callable[[], Validity | None]) -> int:
    connection = Connection(Endpoint.parse(sink.url, tls), SystemClock(), lambda: None)
    connection.validity = validity
    try:
        return connection.request("GET", "/api/v1/gateways/self/watch", None, {}).status
    finally:
        connection.close()


@pytest.mark.acceptance("A5")
@pytest.mark.parametrize(
    "row",  # begins and ends, days from now; the time that is known; the fault
    [
        # The machine's clock is right and the kernel says so: as everywhere.
        (-1, 1, lambda: None, ""),
        (2, 3, lambda: None, "CERTIFICATE_VERIFY_FAILED"),
        (-3, -2, lambda: None, "CERTIFICATE_VERIFY_FAILED"),
        # As if the machine woke up in 1970 or at its last shutdown: certificates seem to lie in the future.
        (2, 30, at(0, sure=False), ""),
        (2, 30, at(10, sure=True), ""),
        # One that had ended before the last trusted instant is as bad as ever.
        (-30, -2, at(0, sure=False), "ended at"),
        (-30, -2, at(0, sure=True), "ended at"),
        (2, 30, at(0, sure=True), "begins at"),
        # The machine stepped ahead by days: by the trusted time the certificate is still good.
        (-30, -2, at(-3, sure=True), ""),
    ],
)
def test_a_certificate_is_judged_by_the_time_that_is_known(
    tmp_path: Path, row: tuple[int, int, Known, str], figures: Figures
) -> None:
    begins, ends, validity, fault = row
    files = certificate(tmp_path, begins=days_from_now(begins), ends=days_from_now(ends))
    figures.add(certificates=1)
    with BackendSink(tls=files.server()) as sink:
        if fault:
            with pytest.raises(Unreachable, match=fault):
                ask(sink, Tls(files.cert), validity)
        else:
            assert ask(sink, Tls(files.cert), validity) == 304


def test_name_and_authority_are_checked_without_a_clock_too(tmp_path: Path) -> None:
    files = certificate(tmp_path, begins=days_from_now(-1), ends=days_from_now(1))
    with BackendSink(tls=files.server()) as sink:
        with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            ask(sink, Tls(None), at(0, sure=False))
        other = sink.url.replace("127.0.0.1", "127.0.0.2")
        connection = Connection(Endpoint.parse(other, Tls(files.cert)), SystemClock(), lambda: None)
        connection.validity = at(0, sure=False)
        with pytest.raises(Unreachable):
            connection.request("GET", "/", None, {})


@pytest.mark.parametrize("known", [lambda: None, at(0, sure=True)])
def test_a_connection_that_was_closed_resumes_its_session(
    tmp_path: Path, known: Callable[[], Validity | None]
) -> None:
    files = certificate(tmp_path, begins=days_from_now(-1), ends=days_from_now(1))
    context, tls = files.server(), Tls(files.cert)
    with BackendSink(tls=context) as sink:
        for _ in range(3):
            assert ask(sink, tls, known) == 304
        assert context.session_stats()["hits"] == 2
