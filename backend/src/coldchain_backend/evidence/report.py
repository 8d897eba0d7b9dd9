"""The printable report: one page in English and Chinese, with everything in it, nothing to load."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from importlib.resources import files
from zoneinfo import ZoneInfo

from coldchain.profiles import Profile
from coldchain.verdicts import Outcome, Reason, said
from coldchain.words import Language, term
from coldchain_backend.evidence.cadence import Day
from coldchain_backend.evidence.chart import chart
from coldchain_backend.evidence.markup import (
    both,
    figure,
    minutes,
    plain,
    section,
    table,
    termed,
    text,
    texts,
    word,
    words,
)
from coldchain_backend.evidence.parts import Part
from coldchain_backend.evidence.revisions import Revision
from coldchain_backend.judging import AlertStory, StoredExcursion
from coldchain_backend.ledger import FOLLOWED

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
    sources: Sequence[tuple[str, str, int]]
    holes: Sequence[tuple[str, str, int, int, str]]
    forks: Sequence[tuple[str, str, int]]
    keys: Sequence[Row]

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which times are shown."""
        return ZoneInfo(self.parts[0].time_zone)


def report(account: Account, language: Language) -> str:
    """The page; `language` is shown first, the other one at a click."""
    style = files("coldchain_backend.evidence").joinpath("texts", "report.css").read_text(encoding="utf-8")
    body = "".join([
        _head(account), _points(account), _sources(account), _charts(account), _earlier(account),
        _excursions(account), _cadence(account),
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


def _margins(account: Account) -> str:
    """What stands on each printed page: which zone and time, how far the ledger, the page's number."""
    span = f"{_when(account.from_ms, account)} – {_when(account.to_ms, account)} {account.zone.key}"
    keys = ", ".join(str(one["fingerprint"]) for one in account.keys if one.get("backend"))
    pages = ""
    for one in Language:
        outcome = f"{term(account.outcome, one)} @ {account.judged_to}"
        told = " · ".join((", ".join(account.zones), span, outcome, keys))
        safe = "".join(sign for sign in told if sign.isprintable() and sign not in '"<>' and sign != chr(92))
        pages += f"body:has(#{one.value}:checked){{page:{one.value}}}"
        pages += f'@page {one.value}{{@bottom-left{{content:"{safe}"}}}}'
    return f'@media print{{@page{{@bottom-right{{content:counter(page) " / " counter(pages)}}}}{pages}}}'


def _when(time_ms: object, account: Account) -> str:
    """The local time; with its offset from UTC in an hour that comes twice, where it alone says which."""
    if not isinstance(time_ms, int):
        return "–"
    at = datetime.fromtimestamp(time_ms // 1000, account.zone)
    twice = at.replace(fold=0).utcoffset() != at.replace(fold=1).utcoffset()
    return (at if twice else at.replace(tzinfo=None)).isoformat(" ", "seconds")


def _head(account: Account) -> str:
    outcome = account.outcome
    names = {part.place.zone.id: text(part.place.zone.name) for part in account.parts}
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
    said_ = termed(outcome)
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
    return section("points", table(keys, (_point(part, account) for part in account.parts)))


def _point(part: Part, account: Account) -> list[str]:
    verdict, figures = part.verdict, part.verdict.account
    reasons = [_said(one) for one in verdict.reasons]
    out = [f"{word(one.rule)} {minutes(one.out_ms)}" for one in figures.rules if one.out_ms]
    return [
        f"{text(part.place.point.name)}<br><code>{escape(part.place.point.id)}</code>",
        f"<code>{escape(part.sensor)}</code><br>{word(part.quantity)}",
        _limits(part.profile),
        f'<span class="time">{_when(part.from_ms, account)} –<br>{_when(part.to_ms, account)}</span>',
        f'<b class="{verdict.outcome.value}">{termed(verdict.outcome)}</b>',
        "<br>".join(reasons) or "–",
        f"{verdict.coverage:.2%}",
        figure(None if figures.lowest is None else figures.lowest.value),
        figure(None if figures.highest is None else figures.highest.value),
        figure(figures.mean),
        figure(figures.mkt if part.quantity == "temperature" else None),
        "<br>".join(out) or "–",
        minutes(figures.unknown_ms),
    ]


def _said(reason: Reason) -> str:
    """A reason, its rule by the word for it in each language."""
    plainly = replace(reason, rule=None)
    rule = "" if reason.rule is None else f"{word(reason.rule)}: "
    return rule + both(said(plainly, Language.EN), said(plainly, Language.ZH))


def _limits(profile: Profile) -> str:
    mark = termed(profile.mark)
    name = f"{escape(profile.name)} {profile.version}"
    return f"{text(profile.title)}<br><small>{name}: {escape(profile.citation)} ({mark})</small>"


def _charts(account: Account) -> str:
    pictures = [
        f"<figure>{picture}<figcaption>{text(part.place.point.name)} · {word(part.quantity)}, "
        f"{words('unit_rh' if part.quantity == 'humidity' else 'unit_c')}</figcaption></figure>"
        for part in account.parts
        if (picture := chart(part))
    ]
    return section("chart", "".join(pictures) or f"<p>{words('nothing')}</p>", "chart_note")


def _excursions(account: Account) -> str:
    rows = []
    for stored in account.excursions:
        one, level = stored.excursion, stored.excursion.level
        rows.append([
            f"<code>{escape(stored.point)}</code>", word(one.rule),
            "–" if level is None else termed(level),
            _when(one.opened_ms, account),
            words("open") if one.closed_ms is None else _when(one.closed_ms, account),
            minutes(one.out_ms), f"{figure(one.peak)}<br>{_when(one.peak_ms, account)}",
            str(stored.revision),
        ])  # fmt: skip
    keys = ("point", "rule", "level", "opened", "closed", "out", "peak", "revision")
    return section("excursions", table(keys, rows))


def _cadence(account: Account) -> str:
    rows = [
        [
            f"<code>{escape(part.place.point.id)}</code><br>{word(part.quantity)}",
            _when(day.from_ms, account)[:10], str(day.records),
            minutes(day.longest_ms), minutes(day.allowed_ms),
            minutes(day.longest_out_ms), minutes(day.allowed_out_ms),
            _proved(proved=day.proved),
        ]
        for part, days in account.cadence
        for day in days
    ]  # fmt: skip
    keys = ("point", "day", "records", "longest", "allowed", "longest_out", "allowed", "outcome")
    return section("cadence", table(keys, rows), "cadence_note")


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
    return section("calibration", table(keys, rows))


def _changes(account: Account) -> str:
    rows = [
        [
            _when(one["from_ms"], account), plain(one["by"]), plain(one["reason"]),
            "<br>".join(map(plain, _items(one["changes"]))) or "–",
        ]
        for one in account.changes
    ]  # fmt: skip
    states = [
        [
            plain(one["zone"]), word(one["state"]), _when(one["from_ms"], account),
            _when(one["to_ms"], account), f"{word(one['source'])} {plain(one['by'])}",
            plain(one["reason"]),
        ]
        for one in account.states
    ]  # fmt: skip
    return section("changes", table(("from", "by", "reason", "changes"), rows)) + section(
        "states", table(("zones", "state", "from", "to", "source", "reason"), states)
    )


def _alerts(account: Account) -> str:
    rows = []
    for story in account.alerts:
        alert, seen = story.alert, story.alert.acknowledged
        told = [f"{escape(one.receiver)} {_delivered(one.delivered_ms, account)}" for one in story.deliveries]
        who = "" if seen is None else f"{escape(seen.by)}: {escape(seen.reason)}"
        acknowledged = "–" if seen is None else f"{_when(seen.at_ms, account)} {who}"
        rows.append([
            f"<code>{plain(alert.cause.subject.point)}</code>",
            word(alert.cause.rule or alert.cause.kind.value),
            termed(alert.level), _when(alert.fired_ms, account),
            word(alert.state.value), "<br>".join(told) or "–", acknowledged,
        ])  # fmt: skip
    keys = ("point", "rule", "level", "opened", "state", "told", "acknowledged")
    return section("alerts", table(keys, rows))


def _numbers(account: Account) -> str:
    holes = [
        [escape(gateway), escape(run), f"{first}–{last}", ", ".join(map(_reason, why.split(", ")))]
        for gateway, run, first, last, why in account.holes
    ]
    forks = [[escape(gateway), escape(run), str(seq)] for gateway, run, seq in account.forks]
    return section("holes", table(("gateway", "run", "numbers", "reason"), holes)) + section(
        "forks", table(("gateway", "run", "numbers"), forks)
    )


def _reason(why: str) -> str:
    """Why numbers are missing: a word of the gateway's, or `lost:` and what a person said."""
    key, colon, told = why.partition(": ")
    return f"{word(key.replace(' ', '_'))}{escape(colon + told)}"


def _sources(account: Account) -> str:
    """Who sent the batches and who vouches for them, and how much of each point's time rests on what."""
    batches = [[plain(name), _graded(grade), str(count)] for name, grade, count in account.sources]
    shares = [
        [
            f"<code>{escape(part.place.point.id)}</code><br>{word(part.quantity)}",
            termed(grade),
            f"{share:.2%}",
        ]
        for part in account.parts
        for grade, share in part.verdict.shares.items()
        if share
    ]
    return section(
        "sources",
        table(("source", "grade", "batches"), batches) + table(("point", "grade", "share"), shares),
        "sources_note",
    )


def _graded(grade: str) -> str:
    store = grade.removeprefix(FOLLOWED)
    return f"{words('word_follow')} {escape(store)}" if store != grade else word(f"grade_{grade}")


def _keys(account: Account) -> str:
    rows = [
        [
            _owner(one),
            f"<code>{plain(one['fingerprint'])}</code>",
            "<br>".join(_revocation(act, account) for act in _items(one["revoked"])) or "–",
        ]
        for one in account.keys
    ]
    return section("keys", table(("gateway", "fingerprint", "revoked"), rows))


def _owner(key: Row) -> str:
    return words("backend") if key.get("backend") else plain(key["gateway"])


def _named_key(key: Row) -> str:
    return f"{_owner(key)} <code>{plain(key['fingerprint'])}</code>"


def _revocation(act: object, account: Account) -> str:
    """From when on, by whom and why: an act of `keys.json`."""
    if not isinstance(act, dict):
        return ""
    who = f"{plain(act['by'])}: {plain(act['reason'])}"
    return f"{words('revoked_from')} {_when(act['from_ms'], account)} {who}"


def _delivered(at_ms: int | None, account: Account) -> str:
    return words("not_delivered") if at_ms is None else _when(at_ms, account)


def _earlier(account: Account) -> str:
    """Verdicts that were the answer before, each with what came then."""
    causes = [*(one.because for one in account.earlier[1:]), account.because]
    rows = [
        [
            str(one.as_of),
            f'<b class="{one.outcome.value}">{termed(one.outcome)}</b>' if not one.why else words("not_told"),
            "<br>".join(_cause(cause) for cause in because) or words("records_late"),
        ]
        for one, because in zip(account.earlier, causes, strict=False)
    ]
    return section("earlier", table(("as_of", "outcome", "because"), rows), "earlier_note")


def _cause(cause: Row) -> str:
    return f"{cause['record']}: {word(cause['what'])} {plain(cause['by'])} {plain(cause['reason'])}"


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []
