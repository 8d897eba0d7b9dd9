"""The stranger's script and core come to the same verdict, whatever the readings and the profile."""

from __future__ import annotations

from importlib.machinery import SourceFileLoader
from importlib.resources import files
from importlib.util import module_from_spec, spec_from_loader
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain.excursions import Judged
from coldchain.profiles import Mark, Mode, Profile, Reset, Rule, Side, Weighting
from coldchain.profiles.document import profile_document
from coldchain.readings import Grade
from coldchain.verdicts import of_series
from coldchain.words import Text
from coldchain_backend.evidence.claims import beyond, claim
from support.soak import rounds

MINUTE, HOUR = 60_000, 3_600_000
START = 1_795_377_600_000
ZONE = "Asia/Kolkata"


def _script() -> ModuleType:
    path = str(files("coldchain_backend.evidence").joinpath("stranger", "verify_py"))
    loader = SourceFileLoader("stranger", path)
    spec = spec_from_loader("stranger", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


STRANGER = _script()
Samples = list[tuple[int, float]]
Case = tuple[Samples, list[Grade], Profile, tuple[int, int], float | None]

THRESHOLDS = st.integers(-3000, 12_000).map(lambda value: value / 1000)
DELAYS = st.sampled_from([0, 5 * MINUTE, 20 * MINUTE, HOUR, 3 * HOUR])


@st.composite
def rules(draw: st.DrawFn, name: str) -> Rule:
    mode = draw(st.sampled_from([Mode.SINGLE, Mode.SINGLE, Mode.CUMULATIVE, Mode.MKT]))
    reset = draw(st.sampled_from(list(Reset))) if mode is Mode.CUMULATIVE else Reset.NEVER
    windowed = mode is Mode.MKT or reset is Reset.WINDOW
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
        window_ms=draw(st.integers(1, 12)) * HOUR if windowed else None,
        reset=reset,
        irreversible=draw(st.booleans()),
        ignore_at_start_ms=draw(st.sampled_from([0, 0, HOUR])),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    count = draw(st.integers(1, 4))
    profile = Profile(
        name="p", version=1, title=Text(en="P", zh="P"),
        rules=tuple(draw(rules(f"r{number}")) for number in range(count)),
        citation="none", mark=Mark.PROPOSED,
        gap_factor=draw(st.sampled_from([1.0, 2.5])), gap_floor_ms=draw(st.sampled_from([0, 15 * MINUTE])),
        weighting=draw(st.sampled_from(list(Weighting))),
        required_coverage=draw(st.sampled_from([0.0, 0.5, 0.95])),
        grades=draw(st.sampled_from([tuple(Grade), (Grade.SEALED,)])),
        indeterminate=draw(st.booleans()),
    )  # fmt: skip
    waits = draw(
        st.lists(st.sampled_from([MINUTE, 5 * MINUTE, 5 * MINUTE, 7 * MINUTE + 1, HOUR]), max_size=60)
    )
    base, at, samples = draw(THRESHOLDS), START + draw(st.integers(-3 * HOUR, HOUR)), []
    for wait in waits:
        samples.append((at, round(base + draw(st.integers(-2500, 2500)) / 1000, 3)))
        at += wait
    grades = [draw(st.sampled_from([Grade.SEALED, Grade.SEALED_ON_RECEIPT])) for _ in samples]
    span = (START, START + draw(st.sampled_from([HOUR, 4 * HOUR, 10 * HOUR])))
    return samples, grades, profile, span, draw(st.sampled_from([None, 0.2]))


@pytest.mark.soak
@settings(max_examples=rounds(150, 10_000), deadline=None)
@given(case=cases())
def test_the_same_verdict(case: Case) -> None:
    samples, grades, profile, span, uncertainty = case
    judged = Judged(profile=profile, interval_ms=5 * MINUTE, zone=ZoneInfo(ZONE))
    verdict = of_series(samples, judged, span, uncertainty=uncertainty, grades=grades)
    assert beyond(profile) == ""
    part = {
        "profile": profile_document(profile), "from_ms": span[0], "to_ms": span[1], "quantity": "temperature",
        "time_zone": ZONE, "interval_ms": 5 * MINUTE, "uncertainty": uncertainty,
    }  # fmt: skip
    said = [(time_ms, value, grade.value) for (time_ms, value), grade in zip(samples, grades, strict=True)]
    assert STRANGER.verdict(said, part) == claim(verdict)
