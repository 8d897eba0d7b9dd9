"""What is missing before a zone may be in use, and the dated sheet of its installation."""

from coldchain_backend.readiness.checks import Asked, Lack, Missing, Seen, missing, receivers_of
from coldchain_backend.readiness.sheet import html_sheet, said, text_sheet

__all__ = [
    "Asked",
    "Lack",
    "Missing",
    "Seen",
    "html_sheet",
    "missing",
    "receivers_of",
    "said",
    "text_sheet",
]
