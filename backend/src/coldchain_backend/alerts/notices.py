"""What is told: the text of a step in both languages, and the body that receivers get."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import orjson

from coldchain.profiles import Side
from coldchain.words import Language, Text
from coldchain_backend.alerts.cause import AlertKind, Cause, End, EndKind
from coldchain_backend.alerts.documents import contacts_document, context_document, iso
from coldchain_backend.alerts.said import PHRASES, names_for, said_of
from coldchain_backend.alerts.states import Alert, Transition
from coldchain_backend.fleet import Asset, Fleet, Place, Plan

MAX_NAMED: Final = 20
"""So many sensors are named in a text."""

MAX_LISTED: Final = 50
"""So many are listed in a body, which must stay below 20 kB; it says how many there are."""


_OF_THE_ASSET: Final = (
    "zone_time", "plate", "contacts", "last_contact_at", "position", "instruction",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One telling: as which event, whose organisation, where the page is, and who else was told."""

    event: str
    organisation: str
    link: str
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One step of an alert, ready to be told; `place` is where, if it ever stood in the fleet.

    instruction   what is to be done, as zone or profile say
    assets        names of assets, where the cause speaks of them by their ids
    """

    alert: Alert
    step: Transition
    place: Place | None
    asset: Asset | None = None
    instruction: Text | None = None
    assets: Mapping[str, Text] = field(default_factory=dict)

    def text(self) -> Text:
        """One sentence in each language."""
        return Text(en=self._sentence(Language.EN), zh=self._sentence(Language.ZH))

    def body(self, told: Told) -> bytes:
        """The JSON body of a telling; the same bytes on every attempt."""
        data = {
            **self._identity(told.organisation),
            **self._values(),
            **self._happened(),
            **self._around(told),
            "link": told.link,
        }
        return orjson.dumps({"type": told.event, "timestamp": iso(self.step.event_ms), "data": data})

    def common(self) -> dict[str, object]:
        """What holds of the asset too, and so of whatever else is told about it."""
        subject, asset = self.alert.cause.subject, self.asset
        around = self._around(Told(event="", organisation="", link=""))
        known = {name: around[name] for name in _OF_THE_ASSET}
        return {
            "asset": subject.asset,
            "asset_name": None if asset is None else _names(asset.name),
            "gateway": subject.gateway,
            "level": self.step.level.value,
            **known,
        }

    def _identity(self, organisation: str) -> dict[str, object]:
        alert, subject, place = self.alert, self.alert.cause.subject, self.place
        return {
            "alert_id": alert.id,
            "sequence": self.step.sequence,
            "revision": alert.revision,
            "kind": alert.cause.kind.value,
            "class": "system" if alert.cause.kind is AlertKind.SYSTEM else "alarm",
            "critical": alert.critical,
            "state": alert.standing.value,
            "level": self.step.level.value,
            "organisation": organisation,
            "asset": subject.asset,
            "asset_name": None if place is None else _names(place.asset.name),
            "zone": subject.zone,
            "zone_name": None if place is None else _names(place.zone.name),
            "point": subject.point,
            "point_name": None if place is None else _names(place.point.name),
            "sensor": subject.sensor,
            "gateway": subject.gateway,
        }

    def _values(self) -> dict[str, object]:
        cause = self.alert.cause
        return {
            "rule": cause.rule,
            "value_c": self.step.value,
            "limit_c": cause.limit,
            "peak_c": cause.peak,
            "peak_at": None if cause.peak_ms is None else iso(cause.peak_ms),
            "out_minutes": round(cause.out_ms / 60_000, 1),
            "side": None if cause.limit is None else _side(cause).value,
            "data_gap": cause.data_gap,
            "sensors": list(cause.sensors[:MAX_LISTED]),
            "sensor_count": len(cause.sensors),
        }

    def _happened(self) -> dict[str, object]:
        cause, text = self.alert.cause, self.text()
        end = cause.end
        return {
            "opened_at": iso(cause.opened_ms),
            "ended_at": None if end is None else iso(end.event_ms),
            "event_time": iso(self.step.event_ms),
            "detected_at": iso(self.step.at_ms),
            "incomplete": end is not None and end.incomplete,
            "by": self.step.by,
            "reason": self.step.reason,
            "note": self.step.note,
            "merged_into": end.by if end is not None and end.kind is EndKind.MERGED else None,
            "text": {"en": text.en, "zh": text.zh},
        }

    def _around(self, told: Told) -> dict[str, object]:
        """What a person asks first on the phone."""
        asset = self.asset if self.place is None else self.place.asset
        return {
            "zone_time": "UTC" if asset is None else asset.time_zone,
            "plate": None if asset is None else asset.plate,
            "contacts": [] if asset is None else contacts_document(asset.contacts),
            **context_document(self.alert.context),
            "instruction": None if self.instruction is None else _names(self.instruction),
            "told": list(told.to),
            "step": 0 if self.alert.chain is None else self.alert.chain.told,
        }

    def _sentence(self, language: Language) -> str:
        phrases, cause = PHRASES[language], self.alert.cause
        words = phrases["word"]
        named = ", ".join(cause.sensors[:MAX_NAMED]) + (" …" if len(cause.sensors) > MAX_NAMED else "")
        said, step = phrases[cause.kind.value], self.step.kind.value
        shared = phrases["any" if cause.kind is AlertKind.EXCURSION else "other"]
        sentence = said.get(step) or shared[step].replace("{fired}", said["fired"])
        return sentence.format(
            place=self._where(language),
            value=_celsius(self.step.value),
            limit=_celsius(cause.limit),
            peak=_celsius(cause.peak),
            side=words[_side(cause).value],
            level=words[self.step.level.value],
            minutes=_minutes(cause.out_ms),
            incomplete=words["incomplete"] if _incomplete(cause.end) else "",
            by=self.step.by or "",
            reason=self.step.reason or "",
            note=self.step.note or "",
            until=self._until(),
            count=cause.count,
            sensor=cause.subject.sensor or "",
            gateway=cause.subject.gateway or "",
            sensors=named or words["none"],
            since=self._local(cause.opened_ms),
            detail=said_of(cause, language, self.assets),
        )

    def _until(self) -> str:
        muted = self.alert.muted
        return "–" if muted is None or muted.until_ms is None else self._local(muted.until_ms)

    def where(self) -> dict[str, str]:
        """The place in each language."""
        return {language.value: self._where(language) for language in Language}

    def _where(self, language: Language) -> str:
        subject = self.alert.cause.subject
        if self.place is None and self.asset is not None:
            zone = next((one.name for one in self.asset.zones if one.id == subject.zone), None)
            return " · ".join(name.in_(language) for name in (self.asset.name, zone) if name is not None)
        if self.place is None:
            return subject.point or subject.zone or subject.asset or ""
        names = (self.place.asset.name, self.place.zone.name, self.place.point.name)
        return " · ".join(name.in_(language) for name in names)

    def _local(self, at_ms: int) -> str:
        asset = self.asset if self.place is None else self.place.asset
        zone = UTC if asset is None else ZoneInfo(asset.time_zone)
        return datetime.fromtimestamp(at_ms // 1000, zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def notice_of(alert: Alert, step: Transition, fleet: Fleet) -> Notice:
    """The notice of a step, with the names that hold now, or held last of what left the fleet."""
    subject = alert.cause.subject
    place = _newest(fleet, lambda plan: plan.place_of_point(subject.point or ""))
    asset = _newest(fleet, lambda plan: _asset_of(plan, subject.asset))
    zone = None if place is None else place.zone
    instruction = None
    if zone is not None:
        instruction = zone.instruction or fleet.plan.alerting.instructions.get(zone.profile)
    if instruction is None and asset is not None:
        instruction = asset.instruction
    assets = names_for(alert.cause, fleet)
    return Notice(alert=alert, step=step, place=place, asset=asset, instruction=instruction, assets=assets)


def body_of(  # noqa: PLR0913, PLR0917 - a step, as what it is told, and by whom
    alert: Alert, step: Transition, event: str, fleet: Fleet, public_url: str, to: tuple[str, ...] = ()
) -> bytes:
    """The body of a telling of a step by itself as an event; `to`: who is told of the alert."""
    link = f"{public_url}/alerts/{alert.id}"
    told = Told(event=event, organisation=fleet.organisation, link=link, to=to or alert.told)
    return notice_of(alert, step, fleet).body(told)


Found = TypeVar("Found")


def _newest(fleet: Fleet, find: Callable[[Plan], Found | None]) -> Found | None:
    """What the newest version says that says anything."""
    plans = (fleet.plan, *(version.plan for version in reversed(fleet.versions)))
    return next((found for plan in plans if (found := find(plan)) is not None), None)


def _asset_of(plan: Plan, asset: str | None) -> Asset | None:
    return None if asset is None else plan.asset(asset)


def _names(name: Text) -> dict[str, str]:
    return {"en": name.in_(Language.EN), "zh": name.in_(Language.ZH)}


def _celsius(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} °C"


def _minutes(duration_ms: int) -> str:
    return f"{duration_ms / 60_000:.1f}" if duration_ms < 600_000 else str(round(duration_ms / 60_000))


def _side(cause: Cause) -> Side:
    low = cause.limit is not None and cause.peak is not None and cause.peak < cause.limit
    return Side.LOW if low else Side.HIGH


def _incomplete(end: End | None) -> bool:
    return end is not None and end.incomplete
