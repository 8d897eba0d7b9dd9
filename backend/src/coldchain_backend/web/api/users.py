"""People through the API: who there is, adding and changing them, setting a password."""

from asyncio import to_thread
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, HTTPException, Response
from fastapi import Path as InPath
from pydantic import BaseModel, Field

from coldchain.words import Language, Text
from coldchain_backend.access import Person, Role, plain_number
from coldchain_backend.web.api.shapes import Listed, Names
from coldchain_backend.web.auth import Asked
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Services, Wanted
from coldchain_backend.web.signing_in import Door, by

router = APIRouter(prefix="/api/v1/users", tags=["access"], responses=FAILURES)
Id = Annotated[str, InPath(max_length=64)]


class UserItem(BaseModel):
    """A person. Without a role they may be told, but not log in."""

    id: str
    name: Names
    language: Language
    email: str
    mobile: str
    phone: str
    role: Role | None
    disabled: bool
    has_password: bool


class UserChange(BaseModel):
    """What is to be different; what is left out stays. A `role` of null takes it away."""

    name_en: str | None = Field(default=None, max_length=100)
    name_zh: str | None = Field(default=None, max_length=100)
    language: Language | None = None
    email: str | None = Field(default=None, max_length=254)
    mobile: str | None = Field(default=None, max_length=40)
    phone: str | None = Field(default=None, max_length=40)
    role: Role | None = None
    disabled: bool | None = None
    reason: str = Field(default="", max_length=500)


class NewUser(UserChange):
    """A person who is not there yet."""

    id: str = Field(max_length=64)


class NewPassword(BaseModel):
    """A password of 12 to 128 characters; null takes it away."""

    password: str | None = Field(max_length=1024)
    reason: str = Field(default="", max_length=500)


@router.get("")
async def users(services: Wanted, person: Asker) -> Listed[UserItem]:
    """Everybody, by id."""
    return Listed(items=await to_thread(lambda: [_item(services, one) for one in services.people.everyone()]))


@router.get("/{user}")
async def user(services: Wanted, person: Asker, user: Id) -> UserItem:
    """One person."""
    return await to_thread(_item, services, _found(services, user))


@router.post("", status_code=201)
async def add(services: Wanted, person: Asker, wish: NewUser) -> UserItem:
    """Add a person; a password is set by itself."""
    made = _changed(Person(id=wish.id, name=Text(en=wish.id)), wish, fresh=True)
    await to_thread(services.people.add, made, by(person.name, services.clock.now_ms(), wish.reason))
    return await to_thread(_item, services, made)


@router.patch("/{user}")
async def change(services: Wanted, person: Asker, auth: Asked, user: Id, wish: UserChange) -> UserItem:
    """Change a person; who is disabled or may no longer log in loses tokens and sessions at once."""
    before = _found(services, user)
    after = _changed(before, wish, fresh=False)
    said = by(person.name, services.clock.now_ms(), wish.reason)
    await to_thread(services.people.change, after, said)
    if after.disabled or after.role is None:
        await to_thread(auth.tokens.revoke_person, user)
    return await to_thread(_item, services, after)


@router.put("/{user}/password", status_code=204)
async def set_password(services: Wanted, person: Asker, door: Door, user: Id, wish: NewPassword) -> Response:
    """Set a person's password, or take it away; their sessions end."""
    _found(services, user)
    await door.set_password(user, wish.password, by(person.name, services.clock.now_ms(), wish.reason))
    return Response(status_code=204)


def _found(services: Services, user: str) -> Person:
    found = services.people.person(user)
    if found is None:
        raise HTTPException(404, f"there is no user {user}")
    return found


def _changed(person: Person, wish: UserChange, *, fresh: bool) -> Person:
    """A person as wished. Raises InvalidInput for what cannot be."""
    said: Mapping[str, object] = {key: getattr(wish, key) for key in wish.model_fields_set}
    names = Text() if fresh and {"name_en", "name_zh"} & said.keys() else person.name
    role = wish.role if "role" in said else person.role
    return replace(
        person,
        name=Text(
            en=names.en if wish.name_en is None else wish.name_en.strip(),
            zh=names.zh if wish.name_zh is None else wish.name_zh.strip(),
        ),
        language=wish.language or person.language,
        email=person.email if wish.email is None else wish.email.strip(),
        mobile=person.mobile if wish.mobile is None else plain_number(wish.mobile),
        phone=person.phone if wish.phone is None else plain_number(wish.phone),
        role=role,
        disabled=person.disabled if wish.disabled is None else wish.disabled,
    )


def _item(services: Services, one: Person) -> UserItem:
    return UserItem(
        id=one.id,
        name=Names.of(one.name),
        language=one.language,
        email=one.email,
        mobile=one.mobile,
        phone=one.phone,
        role=one.role,
        disabled=one.disabled,
        has_password=services.people.password(one.id) is not None,
    )
