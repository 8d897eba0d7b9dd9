"""Words: everything that people see has them, in every language."""

from __future__ import annotations

from enum import StrEnum

import pytest

from coldchain.bounds import Bound
from coldchain.excursions import ChangeKind
from coldchain.marks import MarkKind
from coldchain.profiles import Counting, Level, Mark, Mode, Reset, Side, Weighting
from coldchain.readings import Grade, Quality, RefusalReason
from coldchain.seal import SealFault
from coldchain.verdicts import Figure, Outcome, ReasonKind
from coldchain.words import Language, Text, en, term, zh

SEEN: list[type[StrEnum]] = [
    Level,
    Side,
    Mark,
    Quality,
    RefusalReason,
    SealFault,
    ChangeKind,
    Mode,
    Reset,
    Weighting,
    Counting,
    Grade,
    Outcome,
    ReasonKind,
    Figure,
    Bound,
    MarkKind,
]


def test_both_languages_have_the_same_words() -> None:
    assert set(en.TERMS) == set(zh.TERMS)


@pytest.mark.parametrize("kind", SEEN, ids=lambda kind: kind.__name__)
def test_every_member_that_people_see_has_its_words(kind: type[StrEnum]) -> None:
    for member in kind:
        said = [term(member, language) for language in Language]
        assert all(said)
        assert said[0] != said[1]


def test_members_are_told_apart() -> None:
    for kind in SEEN:
        for language in Language:
            assert len({term(member, language) for member in kind}) == len(kind)


def test_no_word_without_its_member() -> None:
    assert set(en.TERMS) == {f"{kind.__name__}.{member.name}" for kind in SEEN for member in kind}


def test_a_text_stands_in_for_its_missing_half() -> None:
    whole, half = Text(en="Front", zh="前部"), Text(zh="前部")
    assert (whole.in_("en"), whole.in_(Language.ZH)) == ("Front", "前部")
    assert (half.in_("en"), Text(en="Front").in_("zh")) == ("前部", "Front")
