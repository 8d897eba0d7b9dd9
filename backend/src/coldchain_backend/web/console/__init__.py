"""The page: board of zones, alerts, one zone; server-rendered, kept live by server-sent events."""

from coldchain_backend.web.console.install import install, is_page, page_error

__all__ = ["install", "is_page", "page_error"]
