"""Profiles as plain values, for watch bundles and archives. What an older product wrote is still read.

Rules of the mode `single` stand under `rules`; a gateway that knows no other mode reads those and no
others. The rest stand under `more_rules`, each with its place among all.
"""

from collections.abc import Iterable, Mapping

from coldchain.profiles.profile import (
    USP_ACTIVATION_KJ_MOL,
    Counting,
    Mark,
    Profile,
    Thermal,
    Weighting,
)
from coldchain.profiles.rules import Mode, Reset, Rule, Side
from coldchain.readings import Grade
from coldchain.words import Text

Document = Mapping[str, object]


def profile_document(profile: Profile) -> dict[str, object]:
    """Write a profile as plain values."""
    thermal = profile.thermal
    return {
        "name": profile.name,
        "version": profile.version,
        "title": text_document(profile.title),
        "citation": profile.citation,
        "mark": profile.mark.value,
        "gap_factor": profile.gap_factor,
        "gap_floor_ms": profile.gap_floor_ms,
        "note": None if profile.note is None else text_document(profile.note),
        "rules": [_rule_document(rule) for rule in profile.rules if rule.mode is Mode.SINGLE],
        "more_rules": [
            {**_rule_document(rule), "at": index}
            for index, rule in enumerate(profile.rules)
            if rule.mode is not Mode.SINGLE
        ],
        "weighting": profile.weighting.value,
        "counting": profile.counting.value,
        "activation_kj_mol": profile.activation_kj_mol,
        "required_coverage": profile.required_coverage,
        "grades": [grade.value for grade in profile.grades],
        "cadence_ms": profile.cadence_ms,
        "cadence_out_ms": profile.cadence_out_ms,
        "indeterminate": profile.indeterminate,
        "corrected": profile.corrected,
        "recipients": profile.recipients,
        "thermal": None
        if thermal is None
        else {
            "ambient_high": thermal.ambient_high,
            "ambient_low": thermal.ambient_low,
            "time_constant_ms": thermal.time_constant_ms,
        },
    }


def profile_of(document: Document) -> Profile:
    """Read what `profile_document` gave; KeyError, TypeError or ValueError where it is something else."""
    note, thermal = document["note"], document.get("thermal")
    grades = document.get("grades")
    return Profile(
        name=text(document, "name"),
        version=whole(document["version"]),
        title=text_of(document["title"]),
        rules=_rules_of(document),
        citation=text(document, "citation"),
        mark=Mark(text(document, "mark")),
        gap_factor=number(document["gap_factor"]),
        gap_floor_ms=whole(document["gap_floor_ms"]),
        note=None if note is None else text_of(note),
        weighting=Weighting(text(document, "weighting", Weighting.HOLD_LAST)),
        counting=Counting(text(document, "counting", Counting.RECORDED)),
        activation_kj_mol=number(document.get("activation_kj_mol", USP_ACTIVATION_KJ_MOL)),
        required_coverage=number(document.get("required_coverage", 0.95)),
        grades=tuple(Grade) if grades is None else tuple(Grade(str(name)) for name in items(grades)),
        cadence_ms=_perhaps(document, "cadence_ms"),
        cadence_out_ms=_perhaps(document, "cadence_out_ms"),
        indeterminate=document.get("indeterminate") is True,
        corrected=document.get("corrected") is True,
        recipients=whole(document.get("recipients", 0)),
        thermal=None if thermal is None else _thermal_of(mapping(thermal)),
    )


def _rule_document(rule: Rule) -> dict[str, object]:
    return {
        "name": rule.name,
        "side": rule.side.value,
        "threshold": rule.threshold,
        "inclusive": rule.inclusive,
        "hysteresis": rule.hysteresis,
        "warning_after_ms": rule.warning_after_ms,
        "alarm_after_ms": rule.alarm_after_ms,
        "quantity": rule.quantity,
        "mode": rule.mode.value,
        "window_ms": rule.window_ms,
        "reset": rule.reset.value,
        "irreversible": rule.irreversible,
        "ignore_at_start_ms": rule.ignore_at_start_ms,
    }


def _rules_of(document: Document) -> tuple[Rule, ...]:
    rules = [_rule_of(mapping(item)) for item in items(document["rules"])]
    for item in items(document.get("more_rules", [])):
        rules.insert(whole(mapping(item)["at"]), _rule_of(mapping(item)))
    return tuple(rules)


def _rule_of(document: Document) -> Rule:
    return Rule(
        name=text(document, "name"),
        side=Side(text(document, "side")),
        threshold=number(document["threshold"]),
        inclusive=document["inclusive"] is True,
        hysteresis=number(document["hysteresis"]),
        warning_after_ms=_whole_or_none(document["warning_after_ms"]),
        alarm_after_ms=_whole_or_none(document["alarm_after_ms"]),
        quantity=text(document, "quantity"),
        mode=Mode(text(document, "mode", Mode.SINGLE)),
        window_ms=_perhaps(document, "window_ms"),
        reset=Reset(text(document, "reset", Reset.NEVER)),
        irreversible=document.get("irreversible") is True,
        ignore_at_start_ms=whole(document.get("ignore_at_start_ms", 0)),
    )


def _thermal_of(document: Document) -> Thermal:
    return Thermal(
        ambient_high=number(document["ambient_high"]),
        ambient_low=number(document["ambient_low"]),
        time_constant_ms=whole(document["time_constant_ms"]),
    )


def _perhaps(document: Document, key: str) -> int | None:
    return _whole_or_none(document.get(key))


def _whole_or_none(value: object) -> int | None:
    return None if value is None else whole(value)


def text_document(both: Text) -> dict[str, str]:
    """Write a text in both languages."""
    return {"en": both.en, "zh": both.zh}


def text_of(value: object) -> Text:
    """Read what `text_document` gave."""
    document = mapping(value)
    return Text(en=text(document, "en"), zh=text(document, "zh"))


def text(document: Document, key: str, absent: str | None = None) -> str:
    """The text under a key, or what stands for an absent key; TypeError for anything else."""
    value = document[key] if absent is None else document.get(key, absent)
    if not isinstance(value, str):
        raise TypeError(f"{key} is not a text")
    return value


def whole(value: object) -> int:
    """A whole number; TypeError for anything else."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def number(value: object) -> float:
    """A number; TypeError for anything else."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{value!r} is not a number")
    return float(value)


def mapping(value: object) -> Document:
    """A table; TypeError for anything else."""
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is not a table")
    return value


def items(value: object) -> Iterable[object]:
    """A list; TypeError for anything else."""
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is not a list")
    return value
