"""The part of an org file about permissions: users, and the apps that they log in with."""

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
    """Which record types of an object a user may choose, and which are his defaults.

    null: the flags of the record types apply.
    """

    available: tuple[str, ...] | None = None
    defaults: tuple[str, ...] | None = None


@define(frozen=True)
class Permissions:
    """What one user may do.

    `fields` maps names such as `Contact.Email` to none, read or edit. `recordTypes` maps objects.
    `customizeApplication` allows changes to fields and value sets. `modifyMetadata` also allows them through the
    Metadata API.
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
class LoginState:
    """What blocks the logins of a user.

    `frozen`: as in Setup, "Freeze": the user cannot log in, and his sessions end. `lockedOut`: his password is refused
    after too many wrong ones. `passwordExpired`: his calls are refused until he sets a new one. `outsideIpRange`: this
    machine is outside the IP ranges of his profile.
    """

    frozen: bool = False
    locked_out: bool = False
    password_expired: bool = False
    outside_ip_range: bool = False


@define(frozen=True)
class Application:
    """A connected app or an external client app that clients log in with.

    `kind`: external client apps refuse an assertion for a generic login host. `callbackUrls`: where browsers may be
    redirected (none: any loopback address). `certificate`: PEM text of the certificate or public key that verifies
    assertions. `clientCredentials`: the app has a run-as user.
    `admitted`: the Usernames that an admin approved (null: every user approves the app himself, in the browser).
    `installed` and `blocked`: as in Setup, "Connected Apps OAuth Usage". `refreshTokenSeconds`: how long a refresh
    token lives. `refreshTokenIdleSeconds`: how long it lives unused (null: forever). `dpopRequired`: tokens are bound
    to a key.
    """

    client_id: str
    client_secret: str
    kind: Literal["connected", "external"] = "connected"
    secret_required: bool = True
    callback_urls: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("api", "refresh_token")
    pkce_required: bool = False
    client_credentials: bool = True
    password_flow: bool = False
    certificate: str | None = None
    rotate_refresh_tokens: bool = False
    refresh_token_seconds: float | None = None
    refresh_token_idle_seconds: float | None = 30 * 86_400.0
    token_format: Literal["opaque", "jwt"] = "opaque"
    admitted: tuple[str, ...] | None = None
    installed: bool = True
    blocked: bool = False
    dpop_required: bool = False
