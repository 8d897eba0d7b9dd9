"""Exposure: what a series adds up to, in accounts that merge without loss, over cells of time.

Every sum is a whole number, so accounts of any partition of a time, merged in any order, equal the account of
the whole to the last bit. Values count in thousandths of their unit; sums over time are kept twice, so that
the mean of two neighbouring readings stays whole.
"""

from coldchain.exposure.account import Account, Extreme, RuleAccount, StoredAccount, merged, total
from coldchain.exposure.accounting import account, accounts, hour_sums
from coldchain.spans import Cell, boundaries, cells

__all__ = [
    "Account",
    "Cell",
    "Extreme",
    "RuleAccount",
    "StoredAccount",
    "account",
    "accounts",
    "boundaries",
    "cells",
    "hour_sums",
    "merged",
    "total",
]
