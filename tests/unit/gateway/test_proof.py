"""An echo that stays away: subscribe again, then give the connection up; where it never came, only tell."""

from hypothesis import given
from hypothesis import strategies as st

from coldchain_gateway.sources.mqtt.proof import PATIENCE, Act, Proof, trouble

EVERY, WITHIN = 30_000, 10_000


def proof(*, ever: bool = False) -> Proof:
    return Proof(every_ms=EVERY, within_ms=WITHIN, ever=ever)


def test_nothing_is_asked_before_the_broker_has_granted_anything() -> None:
    assert proof().step(10**9, idle=True) is Act.WAIT


def test_an_echo_that_comes_back_proves_and_is_asked_for_again_later() -> None:
    one = proof()
    one.granted(0)
    assert one.step(0, idle=True) is Act.SEND
    assert one.step(WITHIN - 1, idle=True) is Act.WAIT
    assert not one.echoed(one.token + 1, 5), "the word of another connection proves nothing"
    assert one.echoed(one.token, 5)
    assert not one.echoed(one.token, 6)
    assert one.step(EVERY + 4, idle=True) is Act.WAIT
    assert one.step(EVERY + 5, idle=True) is Act.SEND
    assert trouble(one, "t") == ""


def test_a_missed_echo_subscribes_again_and_a_second_gives_up() -> None:
    one = proof(ever=True)
    one.granted(0)
    assert one.step(0, idle=True) is Act.SEND
    assert one.step(WITHIN, idle=True) is Act.SUBSCRIBE
    assert "nothing comes back" in trouble(one, "t")
    one.granted(WITHIN + 100)
    assert one.step(WITHIN + 100, idle=True) is Act.SEND
    assert one.step(2 * WITHIN + 100, idle=True) is Act.GIVE_UP


def test_a_broker_that_swallows_the_subscription_too_is_asked_again_without_its_word() -> None:
    one = proof(ever=True)
    one.granted(0)
    one.step(0, idle=True)
    assert one.step(WITHIN, idle=True) is Act.SUBSCRIBE
    assert one.step(2 * WITHIN - 1, idle=True) is Act.WAIT
    assert one.step(2 * WITHIN, idle=True) is Act.SEND
    assert one.step(3 * WITHIN, idle=True) is Act.GIVE_UP


def test_where_devices_are_heard_the_connection_is_not_given_up() -> None:
    one = proof(ever=True)
    one.granted(0)
    for turn in range(6):
        now = turn * 2 * WITHIN
        assert one.step(now, idle=True) is Act.SEND
        one.heard(now + 1)
        assert one.step(now + WITHIN, idle=True) is Act.SUBSCRIBE


def test_a_broker_that_never_sent_one_back_may_forbid_it_and_is_kept() -> None:
    one = proof()
    one.granted(0)
    now = 0
    for _ in range(PATIENCE - 1):
        assert one.step(now, idle=True) is Act.SEND
        assert one.step(now + WITHIN, idle=True) is Act.SUBSCRIBE
        now += 2 * WITHIN
    for _ in range(3):  # subscribing once more would bring nothing but the copies that a broker keeps
        assert one.step(now, idle=True) is Act.SEND
        assert one.step(now + WITHIN, idle=True) is Act.WAIT
        assert one.step(now + WITHIN + EVERY - 1, idle=True) is Act.WAIT
        now += WITHIN + EVERY
    assert "publish and read t" in trouble(one, "t")
    assert one.step(now, idle=True) is Act.SEND
    assert one.echoed(one.token, now)
    assert trouble(one, "t") == ""


def test_while_there_is_something_to_read_the_echo_may_be_among_it() -> None:
    one = proof(ever=True)
    one.granted(0)
    one.step(0, idle=True)
    assert one.step(10 * WITHIN, idle=False) is Act.WAIT
    assert one.echoed(one.token, 10 * WITHIN)


@given(
    st.lists(
        st.tuples(st.integers(0, 20_000), st.sampled_from(["granted", "heard", "echo", ""])), max_size=60
    )
)
def test_it_never_gives_up_what_has_just_spoken(events: list[tuple[int, str]]) -> None:
    one, now, spoke = proof(), 0, -1
    for later, event in events:
        now += later
        if event == "granted":
            one.granted(now)
        elif event == "heard":
            one.heard(now)
            spoke = now
        elif event == "echo" and one.echoed(one.token, now):
            spoke = now
        act = one.step(now, idle=True)
        if act is Act.GIVE_UP:
            assert one.ever
            assert now - spoke >= WITHIN
