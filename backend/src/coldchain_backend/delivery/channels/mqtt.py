"""MQTT: the document as it was queued, on a topic."""

from coldchain_backend.delivery.request import Answer, Fate, NoResponse, Outcome, Part, Publication
from coldchain_backend.delivery.telling import Telling
from coldchain_backend.fleet import Mqtt
from coldchain_backend.fleet.templates import filled


def compose(telling: Telling) -> tuple[Part, ...]:
    """One publication; a level of the topic that is unknown is `-`."""
    settings, notice = telling.settings(Mqtt), telling.notice
    values = {
        "organisation": notice.organisation,
        "receiver": telling.receiver.name,
        "asset": notice.asset or "",
        "zone": notice.zone or "",
        "level": notice.level,
        "alert": notice.alert,
    }
    call = Publication(
        host=settings.host,
        port=settings.port,
        tls=settings.tls,
        topic=filled(settings.topic, {name: level_of(value) for name, value in values.items()}),
        payload=telling.body,
        qos=settings.qos,
        retain=settings.retain,
        client_id=f"coldchain-{telling.id}"[:23],
        username=settings.username,
        password=telling.secrets.get("password"),
    )
    return (Part(call=call),)


def read(answer: Answer, telling: Telling) -> Outcome:
    """Delivered is what the broker confirmed (QoS 1 and 2), or what went out (QoS 0)."""
    del telling
    if isinstance(answer, NoResponse):
        return Outcome(fate=Fate.SLOW if answer.forbidden else Fate.RETRY, reason=answer.reason)
    said = answer.body.decode(errors="replace")
    if answer.status == 0:
        return Outcome(fate=Fate.DELIVERED, reason=said)
    return Outcome(fate=Fate.SLOW, reason=f"MQTT {answer.status}: {said}")


def level_of(value: str) -> str:
    """One level of a topic: nothing that would make two of it, or a wildcard."""
    return "".join("-" if sign in "/+#\0" else sign for sign in value) or "-"
