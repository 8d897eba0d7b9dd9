"""What a local alarm says, in both languages."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from coldchain.quantities import QUANTITIES
from coldchain.words import Language
from coldchain_gateway.contracts import Notice

from .judge import Decision
from .silence import RULE, Silence
from .upstream import RULE as UPSTREAM

SEPARATOR: Final = {Language.EN: "; ", Language.ZH: "；"}


@cache
def texts(language: Language) -> dict[str, str]:
    """The sentences of a language by their names."""
    file = Path(__file__).with_name("texts") / f"{language.value}.toml"
    return {name: str(text) for name, text in tomllib.loads(file.read_text(encoding="utf-8")).items()}


def notice_of(decision: Decision) -> Notice:
    """A decision as annunciators are told it."""
    return Notice(
        point=decision.watched.point,
        rule=decision.rule.name,
        state="alarm" if decision.alarm else "end",
        text_en=sentence(decision, Language.EN),
        text_zh=sentence(decision, Language.ZH),
        value=decision.value,
    )


def notice_of_silence(silence: Silence) -> Notice:
    """A silence or its end as annunciators are told it."""
    return Notice(
        point=silence.watched.point,
        rule=RULE,
        state="unknown" if silence.silent else "end",
        text_en=silence_sentence(silence, Language.EN),
        text_zh=silence_sentence(silence, Language.ZH),
        value=None,
    )


def notice_of_upstream(*, silent: bool, for_ms: int) -> Notice:
    """That the backend takes nothing, or takes again."""
    name = "upstream_silent" if silent else "upstream_back"
    said = {one: texts(one)[name].format(minutes=for_ms // 60_000) for one in Language}
    return Notice(
        point="",
        rule=UPSTREAM,
        state="alarm" if silent else "end",
        text_en=said[Language.EN],
        text_zh=said[Language.ZH],
        value=None,
    )


def silence_sentence(silence: Silence, language: Language) -> str:
    """One sentence; that nothing is known is never put as that all is well."""
    watched, known = silence.watched, texts(language)
    name = "silent" if silence.silent else "heard" if silence.watched_on else "unwatched"
    return known[name].format(
        asset=watched.asset_name.in_(language),
        zone=watched.zone_name.in_(language),
        point=watched.point_name.in_(language),
        minutes=silence.for_ms // 60_000,
    )


def sentence(decision: Decision, language: Language) -> str:
    """One sentence; an alarm is followed by whom to call."""
    watched, rule, known = decision.watched, decision.rule, texts(language)
    name = "unwatched" if decision.value is None else "alarm" if decision.alarm else "end"
    said = known[name].format(
        asset=watched.asset_name.in_(language),
        zone=watched.zone_name.in_(language),
        point=watched.point_name.in_(language),
        value="" if decision.value is None else f"{decision.value:g}",
        limit=f"{rule.threshold:g}",
        unit=QUANTITIES[rule.quantity].unit,
    )
    if decision.alarm and watched.contacts:
        said += SEPARATOR[language] + known["contacts"].format(contacts=", ".join(watched.contacts))
    return said
