"""What is put into a vault comes out as it was, or not at all."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain.errors import ColdchainError, IntegrityError, Refused
from coldchain_backend.recovery import Lock
from coldchain_backend.recovery.vault import CHUNK, about, new_vault, open_vault
from coldchain_runtime.secrets import Secret
from support.soak import rounds

LOCK = Lock.of(Secret("correct horse battery staple"))


def put(path: Path, data: bytes, lock: Lock = LOCK) -> None:
    with new_vault(path, lock, {"what": "test"}) as vault:
        vault.write(data)


def got(path: Path, lock: Lock = LOCK) -> bytes:
    with open_vault(path, lock) as vault:
        return vault.read()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_it_comes_out_as_it_went_in(tmp_path: Path, size: int) -> None:
    data = bytes((7 * index + index // 251) % 256 for index in range(size))
    put(tmp_path / "v", data)
    assert got(tmp_path / "v") == data
    assert (tmp_path / "v").stat().st_mode & 0o777 == 0o600
    assert about(tmp_path / "v")["what"] == "test"


def test_another_process_opens_it_with_the_passphrase_alone(tmp_path: Path) -> None:
    put(tmp_path / "v", b"evidence")
    assert got(tmp_path / "v", Lock.of(Secret("correct horse battery staple"))) == b"evidence"


def test_a_wrong_passphrase_is_told(tmp_path: Path) -> None:
    put(tmp_path / "v", b"evidence")
    with pytest.raises(Refused, match="the passphrase is not the right one"):
        got(tmp_path / "v", Lock.of(Secret("another")))


def test_nothing_of_it_can_be_read(tmp_path: Path) -> None:
    put(tmp_path / "v", b"evidence" * 100)
    assert b"evidence" not in (tmp_path / "v").read_bytes()


@settings(
    max_examples=rounds(25, 1200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_changed_or_missing_byte_is_found(tmp_path: Path, data: st.DataObject) -> None:
    put(tmp_path / "v", bytes(range(256)) * 20)
    content = bytearray((tmp_path / "v").read_bytes())
    if data.draw(st.booleans()):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    else:
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(ColdchainError):
        got(tmp_path / "v")


def test_what_was_not_finished_has_no_name(tmp_path: Path) -> None:
    def interrupted() -> None:
        with new_vault(tmp_path / "v", LOCK, {}) as vault:
            vault.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{}\n", b'{"kind":"x"}\n', b"\xff\n", b'{"format":9}\n'])
def test_what_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(IntegrityError, match=r"^v: "):
        about(tmp_path / "v")
