"""The stranger's script and core come to the same verdict, whatever the readings and the profile."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain.builtin_profiles import BUILTIN
from coldchain.certificates import Certificate, corrected, uncertainty_over
from coldchain.excursions import Judged
from coldchain.profiles import Mark, Mode, Profile, Reset, Rule, Side, Thermal, Weighting
from coldchain.profiles.document import profile_document
from coldchain.quantities import QUANTITIES
from coldchain.readings import Grade
from coldchain.verdicts import decide, evidence_of
from coldchain.words import Text
from coldchain_backend.evidence.claims import claim
from support.evidence import script
from support.soak import rounds

MINUTE, HOUR = 60_000, 3_600_000
START = 1_795_377_600_000
ZONE = "Asia/Kolkata"
POSSIBLE = {name: [one.kind, one.low, one.high] for name, one in QUANTITIES.items()}
Samples = list[tuple[int, float]]
Document = dict[str, object]


STRANGER = script()


@dataclass(frozen=True, kw_only=True)
class Case:
    """A question about one part."""

    samples: Samples
    grades: list[Grade]
    profile: Profile
    span: tuple[int, int]
    certificates: tuple[Certificate, ...]
    interval_ms: int = 5 * MINUTE
    quantity: str = "temperature"

    def claimed(self) -> Document:
        """What the product says, as an archive holds it."""
        judged = Judged(
            profile=self.profile, interval_ms=self.interval_ms, zone=ZoneInfo(ZONE), quantity=self.quantity
        )
        seen = list(corrected(self.samples, self.certificates)) if self.profile.corrected else self.samples
        uncertainty = uncertainty_over(self.certificates, *self.span)
        evidence = evidence_of(seen, judged, self.span, uncertainty=uncertainty, grades=self.grades)
        verdict = decide(evidence, self.quantity)
        return plain(claim(verdict, evidence.judged.excursions, uncertainty))

    def computed(self) -> Document:
        """What the stranger's script makes of the same readings."""
        part = {
            "profile": profile_document(self.profile), "from_ms": self.span[0], "to_ms": self.span[1],
            "lead_ms": 0, "until_ms": self.span[1] + 1, "quantity": self.quantity, "time_zone": ZONE,
            "interval_ms": self.interval_ms, "certificates": [asdict(one) for one in self.certificates],
            "grades": [grade.value for grade in (Grade.SEALED, Grade.SEALED_ON_RECEIPT)],
        }  # fmt: skip
        said = {
            time_ms: [(int(grade is Grade.SEALED_ON_RECEIPT), {self.quantity: value}, (1, time_ms, "k"))]
            for (time_ms, value), grade in zip(self.samples, self.grades, strict=True)
        }
        series = list(STRANGER.series_of(said, plain(part), 1, {"k": []}))
        return plain(STRANGER.verdict(series, plain(part), POSSIBLE))


def plain(document: Document) -> Document:
    """As it comes back from an archive."""
    found: Document = orjson.loads(orjson.dumps(document))
    return found


THRESHOLDS = st.integers(-3000, 12_000).map(lambda value: value / 1000)
DELAYS = st.sampled_from([0, 5 * MINUTE, 20 * MINUTE, HOUR, 3 * HOUR])


@st.composite
def rules(draw: st.DrawFn, name: str) -> Rule:
    mode = draw(st.sampled_from([Mode.SINGLE, Mode.SINGLE, Mode.CUMULATIVE, Mode.MKT, Mode.RATE]))
    reset = draw(st.sampled_from(list(Reset))) if mode is Mode.CUMULATIVE else Reset.NEVER
    window_ms = None
    if mode is Mode.MKT or reset is Reset.WINDOW:
        window_ms = draw(st.integers(1, 12)) * HOUR
    elif mode is Mode.RATE:
        window_ms = draw(st.sampled_from([MINUTE, 30 * MINUTE, HOUR]))
    warning, alarm = sorted([draw(DELAYS), draw(DELAYS)])
    return Rule(
        name=name,
        side=Side.HIGH if mode is Mode.MKT else draw(st.sampled_from(list(Side))),
        threshold=draw(THRESHOLDS),
        inclusive=draw(st.booleans()),
        hysteresis=draw(st.sampled_from([0.0, 0.5, 1.0])),
        warning_after_ms=warning,
        alarm_after_ms=draw(st.sampled_from([alarm, alarm, None])),
        mode=mode,
        window_ms=window_ms,
        reset=reset,
        irreversible=draw(st.booleans()),
        ignore_at_start_ms=draw(st.sampled_from([0, 0, HOUR])),
    )


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    constant_ms = draw(st.sampled_from([HOUR, 9 * HOUR]))
    thermal = Thermal(ambient_high=25, ambient_low=-10, time_constant_ms=constant_ms)
    return Profile(
        name="p", version=1, title=Text(en="P", zh="P"),
        rules=tuple(draw(rules(f"r{number}")) for number in range(draw(st.integers(1, 4)))),
        citation="none", mark=Mark.PROPOSED,
        gap_factor=draw(st.sampled_from([1.0, 2.5])), gap_floor_ms=draw(st.sampled_from([0, 15 * MINUTE])),
        weighting=draw(st.sampled_from(list(Weighting))),
        required_coverage=draw(st.sampled_from([0.0, 0.5, 0.95])),
        grades=draw(st.sampled_from([tuple(Grade), (Grade.SEALED,)])),
        indeterminate=draw(st.booleans()), corrected=draw(st.booleans()),
        thermal=draw(st.sampled_from([None, thermal])),
    )  # fmt: skip


@st.composite
def certificates(draw: st.DrawFn) -> tuple[Certificate, ...]:
    """None, one for all of the time, or one after the other with what was between them."""
    found = []
    for number in range(draw(st.integers(0, 2))):
        from_ms = START + draw(st.sampled_from([-9 * HOUR, -9 * HOUR, HOUR]))
        reads = sorted(draw(st.sets(st.sampled_from([-5.0, 0.0, 4.5, 8.0]), max_size=3)))
        found.append(
            Certificate(
                id=f"c{number}", from_ms=from_ms,
                due_ms=from_ms + draw(st.sampled_from([8 * HOUR, 40 * HOUR])),
                uncertainty=draw(st.sampled_from([0.0, 0.2, 1.5, None])),
                points=tuple((read, draw(st.integers(-9, 9)) / 10) for read in reads),
            )
        )  # fmt: skip
    return tuple(found)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    usual = [MINUTE, 5 * MINUTE, 5 * MINUTE, 7 * MINUTE + 1, 16 * MINUTE, HOUR, 4 * HOUR]
    waits = draw(st.lists(st.sampled_from(usual), max_size=60))
    span = (START, START + draw(st.sampled_from([HOUR, 4 * HOUR, 10 * HOUR])))
    base, at, samples = draw(THRESHOLDS), START + draw(st.integers(-3 * HOUR, HOUR)), []
    for wait in waits:
        samples.append((at, round(base + draw(st.integers(-2500, 2500)) / 1000, 3)))
        at += wait
    samples = [one for one in samples if one[0] <= span[1]]
    return Case(
        samples=samples,
        grades=[draw(st.sampled_from([Grade.SEALED, Grade.SEALED_ON_RECEIPT])) for _ in samples],
        profile=draw(profiles()),
        span=span,
        certificates=draw(certificates()),
        interval_ms=draw(st.sampled_from([MINUTE, 5 * MINUTE])),
    )


@pytest.mark.soak
@settings(max_examples=rounds(25, 10_000), deadline=None)
@given(case=cases())
def test_the_same_verdict(case: Case) -> None:
    assert case.computed() == case.claimed()


@pytest.mark.parametrize("name", sorted(BUILTIN))
def test_every_profile_of_the_product_is_computed(name: str) -> None:
    """Four days that go through the first limit, with a gap of hours and a certificate."""
    profile = BUILTIN[name]
    quantity = profile.rules[0].quantity
    limit = profile.rules[0].threshold
    samples = [
        (START + minute * MINUTE, round(limit + 4 * math.sin(minute / 300) + minute % 7 / 100, 3))
        for minute in range(0, 4 * 24 * 60, 5)
        if not 2000 < minute < 2400
    ]
    calibrated = Certificate(id="c", from_ms=0, due_ms=2 * START, uncertainty=0.3, points=((limit, -0.2),))
    case = Case(
        samples=samples, grades=[Grade.SEALED] * len(samples), profile=profile, quantity=quantity,
        span=(START + 3 * HOUR, START + 90 * HOUR), certificates=(calibrated,),
    )  # fmt: skip
    assert case.computed() == case.claimed()
