"""The [page] table of gateway.toml; without it there is no page."""

from dataclasses import dataclass

from coldchain.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class PageConfig:
    """Where the page is served: in the vehicle's or the store's own network, never towards the internet.

    address   of the interface, `0.0.0.0` for all
    hush      whether the page may quieten the buzzer
    """

    address: str = "127.0.0.1"
    port: int = 8086
    hush: bool = True

    def __post_init__(self) -> None:
        if not self.address or not 1 <= self.port <= 65535:
            raise InvalidInput(f"{self.address}:{self.port} is no address to listen on")
