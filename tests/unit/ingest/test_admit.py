"""The door of evidence: what is new comes in once, what is false stays out, and everything has its answer."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain.errors import Unavailable
from coldchain.seal import GENESIS, Key, seal
from coldchain_backend.ingest import Fate, NotAdmitted, Precision, Written
from coldchain_backend.ledger import Busy, DiskFull
from support.doors import NOW_MS, Door, request
from support.ledgers import GATEWAY, sealed
from support.soak import rounds

MS = Precision.MS


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path / "ingest")


def fates(written: Written) -> list[Fate]:
    return [one.fate for one in written.fates]


async def test_a_sealed_batch_is_stored_and_its_number_is_held(door: Door) -> None:
    written = await door.admission.write_sealed("gw", request(sealed(3)))
    assert fates(written) == [Fate.STORED] * 3
    assert written.held == (("r1", 3),)
    assert door.stored() == [("r1", 1), ("r1", 2), ("r1", 3)]


async def test_the_same_batch_again_is_answered_and_not_stored_again(door: Door) -> None:
    await door.admission.write_sealed("gw", request(sealed(2)))
    written = await door.admission.write_sealed("gw", request(sealed(2)))
    assert fates(written) == [Fate.DUPLICATE] * 2
    assert written.held == (("r1", 2),)
    assert len(door.stored()) == 2


async def test_the_same_batch_twice_in_one_request_is_stored_once(door: Door) -> None:
    written = await door.admission.write_sealed("gw", request([*sealed(1), *sealed(1)]))
    assert sorted(fates(written)) == [Fate.DUPLICATE, Fate.STORED]
    assert len(door.stored()) == 1


@settings(
    max_examples=rounds(25, 1200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_order_delay_and_repetition_stores_each_batch_once(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    door = Door(tmp_path_factory.mktemp("door"))
    count = data.draw(st.integers(1, 8))
    batches = sealed(count)
    order = data.draw(st.permutations([*range(count), *data.draw(st.lists(st.integers(0, count - 1)))]))

    async def send() -> None:
        sends = [door.admission.write_sealed("gw", request([batches[number]])) for number in order]
        for written in await asyncio.gather(*sends):
            assert fates(written)[0] in (Fate.STORED, Fate.DUPLICATE)

    asyncio.run(send())
    assert sorted(door.stored()) == [("r1", seq) for seq in range(1, count + 1)]
    assert door.admission.held(GATEWAY.fingerprint) == [("r1", count)]
    assert door.open().held(GATEWAY.fingerprint) == [("r1", count)]


async def test_a_hole_is_visible_until_it_is_filled(door: Door) -> None:
    batches = sealed(4)
    written = await door.admission.write_sealed("gw", request([batches[0], batches[3]]))
    assert written.held == (("r1", 1),)
    written = await door.admission.write_sealed("gw", request(batches[1:3]))
    assert written.held == (("r1", 4),)


async def test_a_declared_hole_counts_as_held(door: Door) -> None:
    batches = sealed(2)
    body = b'hole,run=r1 first=2i,last=2i,hash="%b",reason="cap" 1795376523000\n' % batches[1].hash.encode()
    third = seal(GATEWAY, org="demo", run="r1", seq=3, prev=batches[1].hash, body=body)
    written = await door.admission.write_sealed("gw", request([batches[0], third]))
    assert written.held == (("r1", 3),)


@pytest.mark.parametrize("last", [4, 2**63 - 1])
async def test_a_declaration_beyond_its_own_number_hides_no_later_hole(door: Door, last: int) -> None:
    batches = sealed(5)
    body = b'hole,run=r1 first=1i,last=%di,hash="",reason="lost" 1795376523000\n' % last
    first = seal(GATEWAY, org="demo", run="r1", seq=1, prev=GENESIS, body=body)
    await door.admission.write_sealed("gw", request([first]))
    written = await door.admission.write_sealed("gw", request([batches[4]]))
    assert written.held == (("r1", 1),)


async def test_a_declared_batch_that_comes_after_all_is_stored(door: Door) -> None:
    batches = sealed(2)
    body = b'hole,run=r1 first=2i,last=2i,hash="",reason="cap" 1795376523000\n'
    third = seal(GATEWAY, org="demo", run="r1", seq=3, prev=batches[1].hash, body=body)
    await door.admission.write_sealed("gw", request([batches[0], third]))
    assert fates(await door.admission.write_sealed("gw", request([batches[1]]))) == [Fate.STORED]
    assert fates(await door.admission.write_sealed("gw", request([batches[1]]))) == [Fate.DUPLICATE]


async def test_a_run_that_its_successor_says_is_longer_is_incomplete(door: Door) -> None:
    await door.admission.write_sealed("gw", request(sealed(2)))
    body = b'run,run=r2 previous="r1",previous_seq=5i,previous_hash="%b" 1\n' % (b"a" * 64)
    first = seal(GATEWAY, org="demo", run="r2", seq=1, prev=GENESIS, body=body)
    written = await door.admission.write_sealed("gw", request([first]))
    assert written.held == (("r1", 2), ("r2", 1))
    assert door.marks() == []


async def test_a_clone_is_kept_and_told(door: Door) -> None:
    await door.admission.write_sealed("gw", request(sealed(2)))
    written = await door.admission.write_sealed("gw", request(sealed(2, lines=3)))
    assert fates(written) == [Fate.STORED] * 2
    assert door.marks() == ["clone"]
    again = await door.admission.write_sealed("gw", request(sealed(2, lines=3)))
    assert fates(again) == [Fate.DUPLICATE] * 2
    assert fates(await door.open().write_sealed("gw", request(sealed(2, lines=3)))) == [Fate.DUPLICATE] * 2


async def test_a_wrong_hash_is_refused_and_the_next_proceeds(door: Door) -> None:
    first, second = sealed(2)
    broken = request([first]).replace(b"temperature=0.5", b"temperature=9.5")
    written = await door.admission.write_sealed("gw", broken + request([second]))
    assert fates(written) == [Fate.REFUSED_HASH, Fate.STORED]
    assert written.refused
    assert written.held == (("r1", 0),)


async def test_a_signature_by_another_key_is_refused(door: Door) -> None:
    mine, theirs = sealed(1), sealed(1, key=Key.from_seed(b"x" * 32))
    forged = request(mine).replace(mine[0].sig.encode(), theirs[0].sig.encode())
    assert fates(await door.admission.write_sealed("gw", forged)) == [Fate.REFUSED_SIGNATURE]


async def test_a_foreign_key_is_not_admitted_and_told_once(door: Door) -> None:
    foreign = request(sealed(1, key=Key.from_seed(b"x" * 32)))
    for _ in range(3):
        with pytest.raises(NotAdmitted):
            await door.admission.write_sealed("gw", foreign)
    with pytest.raises(NotAdmitted):
        await door.admission.write_sealed("other", request(sealed(1)))
    assert door.stored() == []
    assert door.marks().count("foreign_key") == 2


async def test_a_batch_for_another_organisation_is_not_admitted(door: Door) -> None:
    with pytest.raises(NotAdmitted):
        await door.admission.write_sealed("gw", request(sealed(1, org="other")))


async def test_a_revoked_key_is_refused_also_after_a_restart(door: Door) -> None:
    await door.admission.write_sealed("gw", request(sealed(1)))
    (key,) = door.admission.keys.of("gw")
    await door.admission.acts.revoke(key, "ann", "lost in the harbour")
    for admission in (door.admission, door.open()):
        with pytest.raises(NotAdmitted):
            await admission.write_sealed("gw", request(sealed(2)))


async def test_a_key_revoked_from_an_earlier_instant_is_known_so_after_a_restart(door: Door) -> None:
    await door.admission.write_sealed("gw", request(sealed(1)))
    (key,) = door.admission.keys.of("gw")
    await door.admission.acts.revoke(key, "ann", "lost in the harbour", 1_700_000_000_000)
    await door.admission.acts.revoke(key, "ann", "on second thoughts")
    for admission in (door.admission, door.open()):
        (known,) = admission.keys
        assert (known.revoked_ms, known.reason) == (1_700_000_000_000, "lost in the harbour")


async def test_a_second_key_under_one_name_is_told_when_both_write(door: Door) -> None:
    other = Key.from_seed(b"x" * 32)
    await door.admission.acts.enrol("gw", other.public, by="code")
    told = door.marks().count("two_gateways")
    assert told == 1
    await door.admission.write_sealed("gw", request(sealed(1)))
    await door.admission.write_sealed("gw", request(sealed(1, run="x1", key=other)))
    assert len(door.stored()) == 2


@pytest.mark.parametrize("error", [Busy("busy"), DiskFull("full"), Unavailable("closed")])
async def test_what_the_ledger_does_not_take_is_for_later_and_comes_in_then(
    door: Door, error: Unavailable
) -> None:
    line = b"reading,sensor=a temperature=1.5 1000\n"
    door.ledger.mood = error
    written = await door.admission.write_sealed("gw", request(sealed(2)))
    assert fates(written) == [Fate.LATER] * 2
    assert written.error is error
    unsealed = await door.admission.write_unsealed("gw", line, MS, NOW_MS)
    assert unsealed.error is error
    door.ledger.mood = None
    written = await door.admission.write_sealed("gw", request(sealed(2)))
    assert fates(written) == [Fate.STORED] * 2
    await door.admission.write_unsealed("gw", line, MS, NOW_MS)
    assert [seq for run, seq in door.stored() if run != "r1"] == [1]


@given(garbage=st.binary(max_size=300))
@settings(
    max_examples=rounds(25, 3000), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bytes_behind_a_batch_are_told_and_cost_nothing(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes
) -> None:
    door = Door(tmp_path_factory.mktemp("door"))
    written = asyncio.run(door.admission.write_sealed("gw", request(sealed(1)) + garbage))
    assert fates(written) == [Fate.STORED]
    assert bool(written.mistakes) == bool(garbage)


async def test_a_number_beyond_all_sense_is_refused(door: Door) -> None:
    batch = seal(GATEWAY, org="demo", run="r1", seq=2**62, prev=GENESIS, body=b"x y=1 1\n")
    assert fates(await door.admission.write_sealed("gw", request([batch]))) == [Fate.REFUSED_HASH]


async def test_a_snapshot_makes_the_start_short_and_changes_nothing(door: Door) -> None:
    await door.admission.write_sealed("gw", request(sealed(5)[::2]))
    door.admission.close()
    again = door.open()
    assert again.held(GATEWAY.fingerprint) == [("r1", 1)]
    assert (
        fates(await again.write_sealed("gw", request(sealed(5)))) == [Fate.DUPLICATE] * 3 + [Fate.STORED] * 2
    )
