"""JSON objects of which all that matters are numbers, read and written without computing with them.

Most messages of most devices are such objects, with the same attributes in the same order every time. A
reading's line has the very digits of the message: an expression that lets pass only digits which are written
as they were read, of numbers that are possible for their field, makes the line of it. Whatever it does not
let pass (blanks, exponents, sentinels) is read as if there were no such expression.
"""

import re
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping
from typing import Final, NamedTuple

from coldchain.quantities import Quantity
from coldchain.readings import Value

from .values import ASIDE, NO_PROBE

# Numbers below it, with up to four decimals, are written as they are read.
LARGEST: Final = 10**11
DECIMALS: Final = rb"(?:\.([0-9]{0,3}[1-9]|0)0*)?"  # noughts at the end are not written
NO_DECIMALS: Final = b"0"
# Values of attributes that tell nothing of ours.
PASSED_OVER: Final = rb'(?:-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?|true|false|null|"[ !#-\[\]-~]*")'
NAME: Final = re.compile(r"[A-Za-z0-9_]+")
# Objects whose attributes are remembered; devices have few, whoever invents names does not fill the memory.
MOST_FORMS: Final = 256
# Of these and no more an expression is made, which takes time and memory by their number.
MOST_NAMES: Final = 64


class NumberText(NamedTuple):
    """A number as a device writes it, in two groups, and how a line writes these."""

    field: str
    pattern: bytes
    layout: bytes


class Form(NamedTuple):
    """Objects of certain attributes in a certain order."""

    match: Callable[[bytes], re.Match[bytes] | None]
    fields: Mapping[str, None]
    layout: bytes


class Numbers(Mapping[str, Value]):
    """Values by field, read from their line when they are asked for: of most messages only the line is."""

    __slots__ = ("_fields", "_written")

    def __init__(self, fields: Mapping[str, None], written: bytes) -> None:
        self._fields = fields
        self._written = written

    def _read(self) -> dict[str, Value]:
        texts = [part.partition(b"=")[2] for part in self._written.split(b",")]
        numbers = (int(text[:-1]) if text.endswith(b"i") else float(text) for text in texts)
        return dict(zip(self._fields, numbers, strict=True))

    def __getitem__(self, field: str) -> Value:
        return self._read()[field]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def keys(self) -> KeysView[str]:
        return self._fields.keys()

    def items(self) -> ItemsView[str, Value]:
        return self._read().items()

    def __repr__(self) -> str:
        return repr(self._read())


class NumberTexts:
    """Forms of one family: `texts` by the names that its devices use; objects with one of the names `never`
    have none."""

    def __init__(self, texts: Mapping[str, NumberText], never: frozenset[str] = frozenset()) -> None:
        self._texts = texts
        self._never = never
        self._forms: dict[tuple[str, ...], Form | None] = {}

    def form(self, state: Mapping[str, object]) -> Form | None:
        """How objects of these attributes are taken; None where they are not."""
        if len(state) > MOST_NAMES:
            return None
        names = tuple(state)
        if names not in self._forms:
            if len(self._forms) >= MOST_FORMS:
                self._forms.clear()
            self._forms[names] = self._made(names)
        return self._forms[names]

    def _made(self, names: tuple[str, ...]) -> Form | None:
        told = [self._texts[name] for name in names if name in self._texts]
        fields = dict.fromkeys(one.field for one in told)
        if (
            len(fields) < len(told)
            or ASIDE.issuperset(fields)
            or not self._never.isdisjoint(names)
            or not all(map(NAME.fullmatch, names))
        ):
            return None
        patterns = (self._texts[name].pattern if name in self._texts else PASSED_OVER for name in names)
        attributes = (rb'"%b": ?%b' % (name.encode(), one) for name, one in zip(names, patterns, strict=True))
        expression = re.compile(rb"\{%b\}" % rb", ?".join(attributes))
        return Form(expression.fullmatch, fields, b",".join(one.layout for one in told))


def text_of(quantity: Quantity) -> NumberText:
    """Numbers of a quantity in its own unit."""
    barred, decimals, layout = b"", DECIMALS, b"%b=%%b.%%b"
    if quantity.kind == "int":
        decimals, layout = b"()", b"%b=%%b%%bi"
    if quantity.field == "temperature":
        barred = rb"(?!(?:%b)(?![0-9.]))" % b"|".join(map(_sentinel, sorted(NO_PROBE["C"])))
    numbers = _up_to(quantity.high)
    if quantity.low < 0:  # of which minus nought, where it has no decimals, is no number of its own
        numbers = rb"%b|-(?!0(?!\.))(?:%b)" % (numbers, _up_to(-quantity.low))
    pattern = rb"%b(%b)%b" % (barred, numbers, decimals)
    return NumberText(quantity.field, pattern, layout % quantity.field.encode())


def _sentinel(number: float) -> bytes:
    """A number as a device may have written it: nothing but noughts behind the point can be left out."""
    whole, _, decimals = (b"%a" % number).partition(b".")
    return rb"%b\.%b0*" % (whole, decimals) if decimals.strip(b"0") else rb"%b(?:\.0*)?" % whole


def _up_to(most: float) -> bytes:
    """Digits of whole numbers from 0 to `most`, which itself has no decimals behind it."""
    digits = b"%d" % min(most, LARGEST)
    choices = [rb"%b(?!\.)" % digits]
    for place, digit in enumerate(digits.decode()):
        least = 1 if place == 0 and len(digits) > 1 else 0
        if int(digit) > least:
            more = len(digits) - place - 1
            choices.append(rb"%b[%d-%d][0-9]{%d}" % (digits[:place], least, int(digit) - 1, more))
    if len(digits) > 1:
        choices += [rb"[1-9][0-9]{0,%d}" % (len(digits) - 2), rb"0"]
    return b"|".join(choices)
