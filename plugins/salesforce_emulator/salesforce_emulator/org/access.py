"""What an org file may say about who may do what: users, and the connected app."""

from __future__ import annotations

from typing import Literal

from attrs import Factory, define


@define(frozen=True)
class ObjectPermissions:
    """What a user may do with the records of an object."""

    read: bool = True
    create: bool = True
    edit: bool = True
    delete: bool = True


@define(frozen=True)
class RecordTypeAccess:
    """Which record types of an object a user may choose, and which he gets without choosing; null: as they say."""

    available: tuple[str, ...] | None = None
    defaults: tuple[str, ...] | None = None


@define(frozen=True)
class Permissions:
    """What one user may do. `fields` maps `Contact.Email` to none, read or edit; `recordTypes` is by object.

    `customizeApplication`: he may change fields and value sets, `modifyMetadata`: also through the Metadata API.
    """

    api_enabled: bool = True
    view_setup: bool = True
    customize_application: bool = True
    modify_metadata: bool = True
    view_all_data: bool = True
    hard_delete: bool = True
    view_encrypted_data: bool = False
    objects: dict[str, ObjectPermissions] = Factory(dict)
    fields: dict[str, Literal["none", "read", "edit"]] = Factory(dict)
    record_types: dict[str, RecordTypeAccess] = Factory(dict)


@define(frozen=True)
class Application:
    """The connected app that clients log in with.

    `callbackUrls`: where browsers may be sent back to (none: any loopback address); `certificate`: PEM text of the
    certificate or public key that assertions are verified with; `clientCredentials`: a run-as user is named;
    `admitted`: the Usernames that an admin approved (null: every user approves the app himself, in the browser);
    `installed` and `blocked`: as in Setup, "Connected Apps OAuth Usage".
    """

    client_id: str
    client_secret: str
    secret_required: bool = True
    callback_urls: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("api", "refresh_token")
    pkce_required: bool = False
    client_credentials: bool = True
    password_flow: bool = False
    certificate: str | None = None
    rotate_refresh_tokens: bool = False
    refresh_token_seconds: float | None = None
    token_format: Literal["opaque", "jwt"] = "opaque"
    admitted: tuple[str, ...] | None = None
    installed: bool = True
    blocked: bool = False
