"""InfluxDB 2.7 and 1.6, one of each for all tests of this folder."""

from support.influx_fixtures import place, server, server_1, server_2

__all__ = ["place", "server", "server_1", "server_2"]
