"""Coldchain's Grafana dashboards, written in Python: built, checked against InfluxDB, brought to Grafana."""
