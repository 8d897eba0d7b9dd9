"""Human acts that judging follows itself: enrolment, numbers declared lost, alerts taken back."""

from base64 import b64decode
from binascii import Error as BinasciiError
from collections.abc import Mapping

from coldchain.seal import fingerprint
from coldchain_backend.alerts import Desk, alert_from
from coldchain_backend.fleet import zone_test_of
from coldchain_backend.judging.contracts import Memory
from coldchain_backend.judging.present import Present
from coldchain_backend.judging.sequences import declare
from coldchain_backend.ledger import ActName, Json


def look_at_act(fields: Mapping[str, Json], memory: Memory, desk: Desk, present: Present) -> str | None:
    """Follow an act; for numbers declared lost the run that they belong to is answered."""
    act = fields.get("act")
    if act == ActName.REBUILD.value:
        gone = fields.get("gone")
        for document in gone if isinstance(gone, list) else []:
            if isinstance(document, dict):
                desk.take_back(alert_from(document), present.now_ms, present.fleet)
    elif act == ActName.ZONE_TEST.value:
        tested = zone_test_of(fields, present.offset, present.now_ms)
        if tested is not None:
            memory.put_zone_test(tested)
    elif act == ActName.ENROL.value:
        _admit(str(fields.get("key", "")), memory, present)
    elif act == ActName.DECLARE_LOST.value:
        run, first, last = str(fields.get("run", "")), fields.get("first"), fields.get("last")
        if isinstance(first, int) and isinstance(last, int) and run in present.runs:
            declare(run, present.runs[run].gateway, (first, last), memory, present)
            return run
    return None


def _admit(public: str, memory: Memory, present: Present) -> None:
    """A key that is enrolled again is no longer revoked."""
    try:
        key = fingerprint(b64decode(public, validate=True))
    except BinasciiError:
        return
    if present.revoked.pop(key, None) is not None:
        memory.put_revoked(key, None)
