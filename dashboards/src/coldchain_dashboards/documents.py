"""JSON documents as they pass between the code, files and Grafana."""

from typing import Any

Document = dict[str, Any]
"""A dashboard, folder or data source in Grafana's form: parsed JSON, whose shape is Grafana's own."""
