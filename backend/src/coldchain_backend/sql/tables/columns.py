"""What tables are made of."""

from sqlalchemy import BigInteger, Column, MetaData, String

metadata = MetaData()

DERIVED = {"origin": "derived"}
KEPT = {"origin": "kept"}
MIRRORED = {"origin": "mirrored"}
"""Serves the mirror only: neither compared nor taken over; without it the mirror fills itself again."""


def id_column(name: str) -> "Column[str]":
    """A text that is the key, or part of it."""
    return Column(name, String, primary_key=True)


def time_column(name: str, *, nullable: bool = False, key: bool = False) -> "Column[int]":
    """An instant, ms UTC."""
    return Column(name, BigInteger, nullable=nullable, primary_key=key, autoincrement=False)
