"""The goods: a thermal mass that follows the air slowly."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """1 t of chilled food holds about 3.5 MJ/K; without fans the exchange falls to `still_share` of it."""

    capacity_kj_per_k: float = 3_500.0
    exchange_kw_per_k: float = 0.12
    still_share: float = 0.3

    def exchange(self, *, fans: bool) -> float:
        """kW/K between air and goods."""
        return self.exchange_kw_per_k * (1.0 if fans else self.still_share)

    def follow(self, goods_c: float, mean_air_c: float, *, exchange: float, dt_s: float) -> float:
        """Goods after `dt_s` beside air of this mean temperature; never past the air."""
        share = min(1.0, exchange * dt_s / self.capacity_kj_per_k)
        return goods_c + (mean_air_c - goods_c) * share
