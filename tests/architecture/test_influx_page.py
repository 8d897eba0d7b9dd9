"""docs/influx.md says what the code writes."""

from coldchain.quantities import QUANTITIES
from coldchain_backend.mirror import SHAPES, FieldKind
from tools import influx_page


def test_the_page_is_what_the_code_says() -> None:
    assert influx_page.main(["--check"]) == 0, "run `make docs`"


def test_every_quantity_can_be_mirrored_in_its_own_type() -> None:
    kinds = {"float": FieldKind.FLOAT, "int": FieldKind.INT, "bool": FieldKind.BOOL}
    fields = SHAPES["reading"].fields
    assert {name: fields[name].kind for name in QUANTITIES} == {
        name: kinds[one.kind] for name, one in QUANTITIES.items()
    }


def test_no_name_is_both_tag_and_field() -> None:
    for shape in SHAPES.values():
        assert not set(shape.tags) & set(shape.fields), shape.name
        assert shape.may_lack <= set(shape.tags), shape.name


def test_each_measurement_is_told_in_words() -> None:
    text = influx_page.page()
    for shape in SHAPES.values():
        assert f"### `{shape.name}`" in text
        assert shape.means
        assert shape.at
        assert all(one.means for name, one in shape.fields.items() if name not in QUANTITIES)
