"""Line protocol as hypothesis makes it: points, readings, whole bodies with odd lines among them."""

import math

from hypothesis import strategies as st

from coldchain.lineprotocol import FieldValue, encode, encode_reading
from coldchain.readings import Quality, Reading

NAMES = st.text(
    alphabet=st.one_of(st.sampled_from(list(',= \\"#abz09_:/@客厅')), st.characters(codec="utf-8")),
    min_size=1,
).filter(lambda name: name.isprintable() and not name.endswith("\\"))
MEASUREMENTS = NAMES.filter(lambda name: not name.startswith("#"))
STRINGS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
FIELD_VALUES = st.one_of(NUMBERS, st.integers(-(2**63), 2**63 - 1), st.booleans(), STRINGS)
TIMES = st.integers(-(2**62), 2**62)
POINTS = st.tuples(
    MEASUREMENTS,
    st.dictionaries(NAMES, NAMES, max_size=4),
    st.dictionaries(NAMES, FIELD_VALUES, min_size=1, max_size=5),
    TIMES,
)
SENSORS = st.from_regex(r"[A-Za-z0-9\u5ba2][A-Za-z0-9._:/@ \u5ba2-]{0,10}[a-z]", fullmatch=True)
READINGS = st.builds(
    Reading,
    sensor=SENSORS,
    time_ms=st.integers(0, 10**15),
    values=st.fixed_dictionaries(
        {"temperature": NUMBERS},
        optional={"counter": st.integers(0, 2**63 - 1), "door_open": st.booleans(), "humidity": NUMBERS},
    ),
    quality=st.sampled_from(Quality),
)
ODD_LINES = [
    b"# comment",
    b"",
    b"reading,sensor=a temperature=1,temperature=2 5",
    b"reading,sensor=a t=1\r",
    b"reading,sensor=a,room=b t=1 5",
    b'reading,sensor=a t="x\\"y" 5',
    b"reading,sensor=a\\ b t=1 5",
    b"reading,sensor=a\\\\ t=1 5",
    b"reading,sensor=a t=+1 5",
    b"reading,sensor=a t=1e999 5",
    b"reading,sensor=a t=1  5",
    b"reading,sensor=a t=9223372036854775808i 5",
    b"\xff",
]
BODIES = st.one_of(
    st.binary(max_size=400),
    st.text(alphabet='reading,sensor=temp \\"\n#ti.-0123456789e{', max_size=200).map(str.encode),
    st.lists(
        st.one_of(
            READINGS.map(encode_reading),
            POINTS.map(lambda point: encode(*point)),
            st.sampled_from(ODD_LINES),
        ),
        max_size=8,
    ).map(b"\n".join),
)


def exactly(value: FieldValue) -> tuple[type, FieldValue, float]:
    """A value with its type and its sign: 1, 1.0 and True are equal in Python, 0.0 and −0.0 too."""
    return type(value), value, math.copysign(1, value) if isinstance(value, float) else 0
