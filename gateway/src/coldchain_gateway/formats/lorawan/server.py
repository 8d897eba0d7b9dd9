"""An MQTT format of a LoRaWAN network server: uplinks decoded, everything else passed over."""

from collections.abc import Callable, Mapping

from coldchain.readings import RefusalReason
from coldchain_gateway.contracts import Decoded
from coldchain_gateway.formats.family import Options
from coldchain_gateway.formats.json_text import read_object
from coldchain_gateway.formats.message import Message, refuse_retained
from coldchain_gateway.formats.values import Unreadable, refused

from .uplink import Uplink, Uplinks

Event = Mapping[str, object]


class ServerFormat:
    """Reads events of topics that end in `ending`; `timed_by` names their time.

    `uplink_of` may raise Unreadable.
    """

    def __init__(
        self, options: Options, *, ending: str, timed_by: str, uplink_of: Callable[[Event], Uplink]
    ) -> None:
        self._uplinks = Uplinks(options.codecs)
        self._ending, self._timed_by, self._uplink_of = ending, timed_by, uplink_of

    def decode(self, message: Message) -> Decoded:
        """A sample for each probe, or refusals."""
        if not message.topic.endswith(self._ending):
            return ()
        try:
            refuse_retained(message)
            event = read_object(message.payload)
            uplink = self._uplink_of(event)
            decoded = self._uplinks.decode(uplink, message.payload, message.arrival_ms, dup=message.dup)
            if uplink.time_ms is None:
                told = f"{self._timed_by}: {event.get(self._timed_by)!r:.40}"
                decoded.append(refused(RefusalReason.BAD_TIME, told, message.payload))
            return decoded
        except Unreadable as error:
            return (refused(error.reason, f"{message.topic}: {error}", message.payload),)
