"""The printable report: one page in English and Chinese, with everything in it, nothing to load."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from html import escape
from importlib.resources import files
from zoneinfo import ZoneInfo

from coldchain.profiles import Profile
from coldchain.verdicts import Outcome, said
from coldchain.words import Language, Text, term
from coldchain_backend.evidence.cadence import Day
from coldchain_backend.evidence.chart import chart
from coldchain_backend.evidence.parts import Part
from coldchain_backend.evidence.revisions import Revision
from coldchain_backend.judging import AlertStory, StoredExcursion

MINUTE_MS = 60_000
Row = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All that an archive says, gathered once for its documents and its report."""

    organisation: str
    zones: Sequence[str]
    from_ms: int
    to_ms: int
    made_ms: int
    by: str
    judged_to: int
    outcome: Outcome
    parts: Sequence[Part]
    earlier: Sequence[Revision]
    because: Sequence[Row]
    cadence: Sequence[tuple[Part, Sequence[Day]]]
    excursions: Sequence[StoredExcursion]
    alerts: Sequence[AlertStory]
    changes: Sequence[Row]
    states: Sequence[Row]
    holes: Sequence[tuple[str, str, int, int, str]]
    forks: Sequence[tuple[str, str, int]]
    keys: Sequence[Row]

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which times are shown."""
        return ZoneInfo(self.parts[0].time_zone)


@cache
def texts(language: Language) -> dict[str, str]:
    """The report's words in a language."""
    path = files("coldchain_backend.evidence").joinpath("texts", f"{language.value}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def report(account: Account, language: Language) -> str:
    """The page; `language` is shown first, the other one at a click."""
    style = files("coldchain_backend.evidence").joinpath("texts", "report.css").read_text(encoding="utf-8")
    body = "".join([
        _head(account), _points(account), _charts(account), _earlier(account), _excursions(account),
        _cadence(account),
        _calibration(account), _changes(account), _alerts(account), _numbers(account), _keys(account),
    ])  # fmt: skip
    switch = "".join(
        f'<input type="radio" name="language" id="{one.value}"{" checked" if one is language else ""}>'
        f'<label for="{one.value}">{name}</label>'
        for one, name in ((Language.EN, "English"), (Language.ZH, "中文"))
    )
    title = escape(f"{texts(language)['title']} {', '.join(account.zones)}")
    return (
        f'<!doctype html><html lang="{language.value}"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{style}{_margins(account)}</style></head>"
        f"<body>{switch}<main>{body}</main></body></html>\n"
    )


def both(en: str, zh: str) -> str:
    """One text in both languages, of which the page shows one."""
    return f'<span lang="en">{escape(en)}</span><span lang="zh">{escape(zh)}</span>'


def words(key: str) -> str:
    """A text of the report."""
    return both(texts(Language.EN)[key], texts(Language.ZH)[key])


def _margins(account: Account) -> str:
    """What stands on each printed page: which zone and time, how far the ledger, the page's number."""
    span = f"{_when(account.from_ms, account)[:16]} – {_when(account.to_ms, account)[:16]} {account.zone.key}"
    keys = ", ".join(str(one["fingerprint"]) for one in account.keys if one.get("backend"))
    told = f"{', '.join(account.zones)} · {span} · {account.outcome.value} @ {account.judged_to} · {keys}"
    safe = "".join(one for one in told if one.isprintable() and one not in '"<>' and one != chr(92))
    left = f'@bottom-left{{content:"{safe}"}}'
    return f'@media print{{@page{{{left}@bottom-right{{content:counter(page) " / " counter(pages)}}}}}}'


def _word(value: object) -> str:
    """A word of the product's own in both languages; as it stands where there is none."""
    key = f"word_{value}"
    return words(key) if key in texts(Language.EN) else _plain(value)


def _term(member: Enum) -> str:
    return both(term(member, "en"), term(member, "zh"))


def _text(text: Text) -> str:
    return both(text.in_("en"), text.in_("zh"))


def _when(time_ms: object, account: Account) -> str:
    if not isinstance(time_ms, int):
        return "–"
    return f"{datetime.fromtimestamp(time_ms // 1000, account.zone):%Y-%m-%d %H:%M:%S}"


def _minutes(ms: int | None) -> str:
    return "–" if ms is None else f"{ms / MINUTE_MS:.1f} {words('minutes')}"


def _value(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}".rstrip("0").rstrip(".")


def _section(key: str, content: str, note: str = "") -> str:
    told = f"<p>{words(note)}</p>" if note else ""
    return f"<section><h2>{words(key)}</h2>{told}{content}</section>"


def _table(keys: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are markup already; on a phone each stands beside its heading."""
    lines = ["".join(_cell(key, cell) for key, cell in zip(keys, row, strict=True)) for row in rows]
    if not lines:
        return f"<p>{words('nothing')}</p>"
    head = "".join(f"<th>{words(key)}</th>" for key in keys)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(key: str, cell: str) -> str:
    en, zh = escape(texts(Language.EN)[key]), escape(texts(Language.ZH)[key])
    return f'<td data-en="{en}" data-zh="{zh}"><div>{cell}</div></td>'


def _head(account: Account) -> str:
    outcome = account.outcome
    names = {part.place.zone.id: _text(part.place.zone.name) for part in account.parts}
    zones = ", ".join(f"{names.get(zone, '')} <code>{escape(zone)}</code>" for zone in account.zones)
    facts = [
        ("organisation", escape(account.organisation)),
        ("zones", zones),
        ("period", f"{_when(account.from_ms, account)} – {_when(account.to_ms, account)} {account.zone.key}"),
        ("made", f"{_when(account.made_ms, account)}, {words('by')} {escape(account.by)}"),
        ("as_of", str(account.judged_to)),
        ("keys_short", "<br>".join(map(_named_key, account.keys))),
    ]
    rows = "".join(f"<dt>{words(key)}</dt><dd>{value}</dd>" for key, value in facts)
    said_ = _term(outcome)
    return (
        f"<header><h1>{words('title')}</h1><dl>{rows}</dl>"
        f'<p class="outcome {outcome.value}">{words("verdict")}: <strong>{said_}</strong></p>'
        f'<p>{words("goods")}</p><p class="verify">{words("verify")}</p></header>'
    )


def _points(account: Account) -> str:
    keys = (
        "point", "sensor", "profile", "time", "outcome", "reasons", "coverage", "lowest", "highest", "mean",
        "mkt", "out", "unknown",
    )  # fmt: skip
    return _section("points", _table(keys, (_point(part, account) for part in account.parts)))


def _point(part: Part, account: Account) -> list[str]:
    verdict, figures = part.verdict, part.verdict.account
    reasons = [both(said(one, Language.EN), said(one, Language.ZH)) for one in verdict.reasons]
    out = [f"{escape(one.rule)} {_minutes(one.out_ms)}" for one in figures.rules if one.out_ms]
    return [
        f"{_text(part.place.point.name)}<br><code>{escape(part.place.point.id)}</code>",
        f"<code>{escape(part.sensor)}</code><br>{_word(part.quantity)}",
        _limits(part.profile),
        f'<span class="time">{_when(part.from_ms, account)} –<br>{_when(part.to_ms, account)}</span>',
        f'<b class="{verdict.outcome.value}">{_term(verdict.outcome)}</b>',
        "<br>".join(reasons) or "–",
        f"{verdict.coverage:.2%}",
        _value(None if figures.lowest is None else figures.lowest.value),
        _value(None if figures.highest is None else figures.highest.value),
        _value(figures.mean),
        _value(figures.mkt if part.quantity == "temperature" else None),
        "<br>".join(out) or "–",
        _minutes(figures.unknown_ms),
    ]


def _limits(profile: Profile) -> str:
    mark = _term(profile.mark)
    name = f"{escape(profile.name)} {profile.version}"
    return f"{_text(profile.title)}<br><small>{name}: {escape(profile.citation)} ({mark})</small>"


def _charts(account: Account) -> str:
    pictures = [
        f"<figure>{picture}<figcaption>{_text(part.place.point.name)} · {_word(part.quantity)}, "
        f"{words('unit_rh' if part.quantity == 'humidity' else 'unit_c')}</figcaption></figure>"
        for part in account.parts
        if (picture := chart(part))
    ]
    return _section("chart", "".join(pictures) or f"<p>{words('nothing')}</p>", "chart_note")


def _excursions(account: Account) -> str:
    rows = []
    for stored in account.excursions:
        one, level = stored.excursion, stored.excursion.level
        rows.append([
            f"<code>{escape(stored.point)}</code>", escape(one.rule),
            "–" if level is None else _term(level),
            _when(one.opened_ms, account),
            words("open") if one.closed_ms is None else _when(one.closed_ms, account),
            _minutes(one.out_ms), f"{_value(one.peak)}<br>{_when(one.peak_ms, account)}",
            str(stored.revision),
        ])  # fmt: skip
    keys = ("point", "rule", "level", "opened", "closed", "out", "peak", "revision")
    return _section("excursions", _table(keys, rows))


def _cadence(account: Account) -> str:
    rows = [
        [
            f"<code>{escape(part.place.point.id)}</code><br>{_word(part.quantity)}",
            _when(day.from_ms, account)[:10], str(day.records),
            _minutes(day.longest_ms), _minutes(day.allowed_ms),
            _minutes(day.longest_out_ms), _minutes(day.allowed_out_ms),
            _proved(proved=day.proved),
        ]
        for part, days in account.cadence
        for day in days
    ]  # fmt: skip
    keys = ("point", "day", "records", "longest", "allowed", "longest_out", "allowed", "outcome")
    return _section("cadence", _table(keys, rows), "cadence_note")


def _proved(*, proved: bool) -> str:
    name, key = ("conform", "proved") if proved else ("non_conform", "not_proved")
    return f'<b class="{name}">{words(key)}</b>'


def _calibration(account: Account) -> str:
    rows = []
    for part in account.parts:
        one = part.certificate
        rows.append([
            f"<code>{escape(part.place.point.id)}</code>", f"<code>{escape(part.sensor)}</code>",
            _when(part.from_ms, account), _when(part.to_ms, account),
            words("none") if one is None else escape(one.number),
            "–" if one is None else escape(one.date), "–" if one is None else escape(one.due),
            "–" if part.uncertainty is None else f"± {part.uncertainty:g} °C",
        ])  # fmt: skip
    keys = ("point", "sensor", "from", "to", "certificate", "date", "due", "uncertainty")
    return _section("calibration", _table(keys, rows))


def _changes(account: Account) -> str:
    rows = [
        [
            _when(one["from_ms"], account), _plain(one["by"]), _plain(one["reason"]),
            "<br>".join(map(_plain, _items(one["changes"]))) or "–",
        ]
        for one in account.changes
    ]  # fmt: skip
    states = [
        [
            _plain(one["zone"]), _word(one["state"]), _when(one["from_ms"], account),
            _when(one["to_ms"], account), f"{_word(one['source'])} {_plain(one['by'])}",
            _plain(one["reason"]),
        ]
        for one in account.states
    ]  # fmt: skip
    return _section("changes", _table(("from", "by", "reason", "changes"), rows)) + _section(
        "states", _table(("zones", "state", "from", "to", "source", "reason"), states)
    )


def _alerts(account: Account) -> str:
    rows = []
    for story in account.alerts:
        alert, seen = story.alert, story.alert.acknowledged
        told = [f"{escape(one.receiver)} {_delivered(one.delivered_ms, account)}" for one in story.deliveries]
        who = "" if seen is None else f"{escape(seen.by)}: {escape(seen.reason)}"
        acknowledged = "–" if seen is None else f"{_when(seen.at_ms, account)} {who}"
        rows.append([
            f"<code>{_plain(alert.cause.subject.point)}</code>",
            _word(alert.cause.rule or alert.cause.kind.value),
            _term(alert.level), _when(alert.fired_ms, account),
            _word(alert.state.value), "<br>".join(told) or "–", acknowledged,
        ])  # fmt: skip
    keys = ("point", "rule", "level", "opened", "state", "told", "acknowledged")
    return _section("alerts", _table(keys, rows))


def _numbers(account: Account) -> str:
    holes = [
        [escape(gateway), escape(run), f"{first}–{last}", _word(why.replace(" ", "_"))]
        for gateway, run, first, last, why in account.holes
    ]
    forks = [[escape(gateway), escape(run), str(seq)] for gateway, run, seq in account.forks]
    return _section("holes", _table(("gateway", "run", "numbers", "reason"), holes)) + _section(
        "forks", _table(("gateway", "run", "numbers"), forks)
    )


def _keys(account: Account) -> str:
    rows = [
        [
            _owner(one),
            f"<code>{_plain(one['fingerprint'])}</code>",
            "<br>".join(_revocation(act, account) for act in _items(one["revoked"])) or "–",
        ]
        for one in account.keys
    ]
    return _section("keys", _table(("gateway", "fingerprint", "revoked"), rows))


def _owner(key: Row) -> str:
    return words("backend") if key.get("backend") else _plain(key["gateway"])


def _named_key(key: Row) -> str:
    return f"{_owner(key)} <code>{_plain(key['fingerprint'])}</code>"


def _revocation(act: object, account: Account) -> str:
    """From when on, by whom and why: an act of `keys.json`."""
    if not isinstance(act, dict):
        return ""
    who = f"{_plain(act['by'])}: {_plain(act['reason'])}"
    return f"{words('revoked_from')} {_when(act['from_ms'], account)} {who}"


def _delivered(at_ms: int | None, account: Account) -> str:
    return words("not_delivered") if at_ms is None else _when(at_ms, account)


def _earlier(account: Account) -> str:
    """Verdicts that were the answer before, each with what came then."""
    causes = [*(one.because for one in account.earlier[1:]), account.because]
    rows = [
        [
            str(one.as_of),
            f'<b class="{one.outcome.value}">{_term(one.outcome)}</b>' if not one.why else escape(one.why),
            "<br>".join(_cause(cause) for cause in because) or words("records_late"),
        ]
        for one, because in zip(account.earlier, causes, strict=False)
    ]
    return _section("earlier", _table(("as_of", "outcome", "because"), rows), "earlier_note")


def _cause(cause: Row) -> str:
    return f"{cause['record']}: {_word(cause['what'])} {_plain(cause['by'])} {_plain(cause['reason'])}"


def _plain(value: object) -> str:
    return "–" if value is None or value == "" else escape(str(value))


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []
