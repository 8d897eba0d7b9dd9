"""Who a person can be, and where they can be reached."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.errors import InvalidInput
from coldchain.words import Text
from coldchain_backend.access import Address, Person, Right, Role, plain_number

WANG = Person(id="wang.li", name=Text(zh="王丽"), email="wang@example.org", mobile="+8613800000000")


@pytest.mark.parametrize("id", ["", "Wang", "王", "a b", "-a", "a" * 65, "a/b", "a\n"])
def test_an_id_is_small_and_plain(id: str) -> None:
    with pytest.raises(InvalidInput, match="small letters"):
        replace(WANG, id=id)


@pytest.mark.parametrize("name", [Text(), Text(en="  "), Text(en="x" * 101), Text(zh="王\n丽")])
def test_a_name_is_needed_and_printable(name: Text) -> None:
    with pytest.raises(InvalidInput, match="name"):
        replace(WANG, name=name)


@pytest.mark.parametrize("email", ["wang", "a@b@c", "a b@c.org", "<a@b.org>", "a@b.org, c@d.org", "a@-b"])
def test_what_is_no_mail_address_is_refused(email: str) -> None:
    with pytest.raises(InvalidInput, match="is no address"):
        replace(WANG, email=email)


@pytest.mark.parametrize("number", ["1234", "1" * 16, "138-0000", "+", "138;", "１３８００００００"])
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(InvalidInput, match=r"mobile .* is no number"):
        replace(WANG, mobile=number)
    with pytest.raises(InvalidInput, match=r"phone .* is no number"):
        replace(WANG, phone=number)


def test_people_write_numbers_with_spaces() -> None:
    assert plain_number("+86 (138) 0000-0000") == "+8613800000000"


def test_who_has_no_phone_is_called_on_the_mobile() -> None:
    assert WANG.at(Address.PHONE) == WANG.mobile
    assert replace(WANG, phone="02388880000").at(Address.PHONE) == "02388880000"
    assert replace(WANG, mobile="").at(Address.MOBILE) == ""


def test_who_is_disabled_is_reached_nowhere() -> None:
    assert [replace(WANG, disabled=True).at(address) for address in Address] == ["", "", ""]


def test_what_each_role_may_do() -> None:
    assert {role: sorted(role.rights) for role in Role} == {
        Role.VIEWER: [Right.VIEW],
        Role.REGULATOR: [Right.AUDIT, Right.VIEW],
        Role.OPERATOR: [Right.OPERATE, Right.VIEW],
        Role.QUALITY: [Right.AUDIT, Right.OPERATE, Right.REVISE, Right.VIEW],
        Role.ADMIN: sorted(Right),
    }


@given(st.sampled_from(Role), st.sampled_from(Role))
def test_a_token_never_gives_more_than_its_person(token: Role, person: Role) -> None:
    given_role = token.within(person)
    assert given_role.rights <= person.rights
    assert given_role in (token, person)
    assert token.within(token) is token
