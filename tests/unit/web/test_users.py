"""People through the API: added, changed, refused politely; a change of role reaches tokens at once."""

from __future__ import annotations

import pytest

from coldchain_backend.access import Role
from support.web_app import WebApp

URL = "/api/v1/users"
WANG = {
    "id": "wang.li",
    "name_en": "Wang Li",
    "name_zh": "王丽",
    "mobile": "+86 138 0000 0000",
    "role": "operator",
}
GOOD = "truck rolls at dawn"


async def test_a_person_is_added_shown_and_listed(web: WebApp) -> None:
    async with web.client(Role.ADMIN) as admin:
        made = await admin.post(URL, json=WANG)
        assert made.status_code == 201
        shown = (await admin.get(f"{URL}/wang.li")).json()
        assert shown == made.json() == {
            "id": "wang.li", "name": {"en": "Wang Li", "zh": "王丽"}, "language": "en", "email": "",
            "mobile": "+8613800000000", "phone": "", "role": "operator", "disabled": False,
            "has_password": False,
        }  # fmt: skip
        assert (await admin.get(URL)).json()["items"] == [shown]


async def test_what_is_left_out_stays_and_null_takes_a_role_away(web: WebApp) -> None:
    async with web.client(Role.ADMIN) as admin:
        await admin.post(URL, json=WANG)
        answer = await admin.patch(f"{URL}/wang.li", json={"role": None, "email": "wang@example.org"})
        assert answer.json()["role"] is None
        assert (answer.json()["email"], answer.json()["name"]["zh"]) == ("wang@example.org", "王丽")
        again = await admin.patch(f"{URL}/wang.li", json={"email": "", "reason": "left"})
        assert (again.json()["role"], again.json()["email"]) == (None, "")


async def test_who_has_only_a_chinese_name_keeps_only_that(web: WebApp) -> None:
    async with web.client(Role.ADMIN) as admin:
        made = await admin.post(URL, json={"id": "chen", "name_zh": "陈静"})
        assert made.json()["name"] == {"en": "陈静", "zh": "陈静"}
        assert web.people.person("chen").name.en == ""  # type: ignore[union-attr]  # it was just made


@pytest.mark.parametrize(
    "wish",
    [
        {**WANG, "id": "Wang"},
        {**WANG, "mobile": "call me"},
        {**WANG, "email": "nowhere"},
        {**WANG, "role": "king"},
        {**WANG, "name_en": "", "name_zh": " "},
        {"id": 7},
        [],
    ],
)
async def test_who_cannot_be_is_refused(web: WebApp, wish: object) -> None:
    async with web.client(Role.ADMIN) as admin:
        answer = await admin.post(URL, json=wish)
        assert answer.status_code == 400
        assert answer.json()["message"]
        assert (await admin.get(URL)).json()["items"] == []


async def test_nobody_is_added_twice_and_who_is_not_there_is_not_found(web: WebApp) -> None:
    async with web.client(Role.ADMIN) as admin:
        await admin.post(URL, json=WANG)
        assert (await admin.post(URL, json=WANG)).status_code == 400
        assert (await admin.get(f"{URL}/zhao")).status_code == 404
        assert (await admin.patch(f"{URL}/zhao", json={"disabled": True})).status_code == 404
        assert (await admin.put(f"{URL}/zhao/password", json={"password": GOOD})).status_code == 404


async def test_a_password_is_set_and_taken_away(web: WebApp) -> None:
    async with web.client(Role.ADMIN) as admin:
        await admin.post(URL, json=WANG)
        weak = await admin.put(f"{URL}/wang.li/password", json={"password": "wang.li wang.li"})
        assert (weak.status_code, "own id" in weak.json()["message"]) == (400, True)
        assert (await admin.put(f"{URL}/wang.li/password", json={"password": GOOD})).status_code == 204
        assert (await admin.get(f"{URL}/wang.li")).json()["has_password"] is True
        assert (await admin.put(f"{URL}/wang.li/password", json={"password": None})).status_code == 204
        assert (await admin.get(f"{URL}/wang.li")).json()["has_password"] is False


@pytest.mark.parametrize("role", [one for one in Role if one is not Role.ADMIN])
async def test_only_an_administrator_sees_people(filled: WebApp, role: Role) -> None:
    async with filled.client(role) as client:
        assert (await client.get(URL)).status_code == 403
