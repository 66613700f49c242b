"""The logged-in user, as the identity URL and OpenID Connect show him."""

from __future__ import annotations

from typing import Any

from salesforce_emulator.world import World


def identity(world: World, user_id: str) -> dict[str, Any]:
    """Return the answer of the identity URL."""
    user = _user(world, user_id)
    return {
        "id": _url(world, user_id),
        "asserted_user": True,
        "user_id": user_id,
        "organization_id": world.org.id,
        "username": user["Username"],
        "nick_name": user["Alias"],
        "display_name": user["Name"],
        "email": user["Email"],
        "email_verified": True,
        "first_name": user["FirstName"],
        "last_name": user["LastName"],
        "timezone": "GMT",
        "photos": _photos(world),
        "addr_street": None,
        "addr_city": None,
        "addr_state": None,
        "addr_country": None,
        "addr_zip": None,
        "mobile_phone": None,
        "mobile_phone_verified": False,
        "status": {"created_date": None, "body": None},
        "urls": _urls(world, user_id),
        "active": user["IsActive"],
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 0,
        "last_modified_date": user["LastModifiedDate"],
        "is_app_installed": True,
    }


def userinfo(world: World, user_id: str) -> dict[str, Any]:
    """Return the answer of the userinfo endpoint."""
    user = _user(world, user_id)
    return {
        "sub": _url(world, user_id),
        "user_id": user_id,
        "organization_id": world.org.id,
        "preferred_username": user["Username"],
        "nickname": user["Alias"],
        "name": user["Name"],
        "email": user["Email"],
        "email_verified": True,
        "given_name": user["FirstName"],
        "family_name": user["LastName"],
        "zoneinfo": "GMT",
        "photos": _photos(world),
        "address": {},
        "is_salesforce_integration_user": False,
        "urls": _urls(world, user_id),
        "active": user["IsActive"],
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 0,
        "updated_at": user["LastModifiedDate"].replace(".000+0000", "Z"),
    }


def _user(world: World, user_id: str) -> dict[str, Any]:
    return next(record for record in world.records("User") if record["Id"] == user_id)


def _url(world: World, user_id: str) -> str:
    return f"{world.hosts.login}/id/{world.org.id}/{user_id}"


def _photos(world: World) -> dict[str, str]:
    return {
        "picture": f"{world.hosts.instance}/profilephoto/005/F",
        "thumbnail": f"{world.hosts.instance}/profilephoto/005/T",
    }


def _urls(world: World, user_id: str) -> dict[str, str]:
    soap = {"enterprise": "c", "metadata": "m", "partner": "u"}
    rest = {"rest": "", "sobjects": "sobjects/", "search": "search/", "query": "query/", "recent": "recent/"}
    feeds = {"feeds": "feeds", "groups": "groups", "users": "users", "feed_items": "feed-items"}
    data = f"{world.hosts.instance}/services/data/v{{version}}"
    return {
        **{
            name: f"{world.hosts.instance}/services/Soap/{key}/{{version}}/{world.org.id[:15]}"
            for name, key in soap.items()
        },
        **{name: f"{data}/{path}" for name, path in rest.items()},
        "profile": f"{world.hosts.instance}/{user_id}",
        **{name: f"{data}/chatter/{path}" for name, path in feeds.items()},
    }
