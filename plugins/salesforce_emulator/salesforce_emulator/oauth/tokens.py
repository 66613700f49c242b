"""The response to a token request. REST API Developer Guide, "Understanding the Web Server OAuth Flow"."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from salesforce_emulator.oauth.grants import Granted
from salesforce_emulator.oauth.signing import sign_token
from salesforce_emulator.org.access import Application
from salesforce_emulator.sessions import Session
from salesforce_emulator.world import World


def token_answer(world: World, granted: Granted) -> dict[str, str]:
    """Return the response with a new access token. It has no `expires_in`."""
    identity = f"{world.hosts.login}/id/{world.org.id}/{granted.user_id}"
    answer = {
        "access_token": _make_access_token(world, granted),
        **({"scope": " ".join(granted.scopes)} if granted.says_scopes else {}),
        "instance_url": world.hosts.instance,
        "id": identity,
        "token_type": "DPoP" if granted.app.dpop_required else "Bearer",
    }
    if granted.signed:
        issued = str(int(world.clock.now() * 1000))
        answer |= {"signature": _signature(granted.app, identity + issued), "issued_at": issued}
    if granted.refresh_token is not None:
        answer["refresh_token"] = granted.refresh_token
    if "openid" in granted.scopes:
        answer["id_token"] = sign_token(_claims(world, granted), typ="JWT", kid="emulator")
    return answer


def _make_access_token(world: World, granted: Granted) -> str:
    session = _session(world, granted)
    if granted.app.dpop_required:
        # RFC 9449: such a token is useless without proofs, and no API here accepts proofs.
        world.sessions.close(session.token)
    return session.token


def _session(world: World, granted: Granted) -> Session:
    if granted.app.token_format == "opaque":
        return world.sessions.open(granted.user_id, granted.scopes, granted.login)
    # Help, "JWT-Based Access Tokens".
    instance = world.hosts.instance
    claims = {
        **_claims(world, granted),
        "scp": " ".join(granted.scopes),
        "iss": instance,
        "aud": [instance],
        "sub": f"uid:{granted.user_id}",
        "client_id": granted.app.client_id,
        "jti": world.authorizations.new_login(),
    }
    token = sign_token(claims, typ="JWT", kid="emulator", ver="1.0", tty="sfdc-core-token", tnk=f"core/{world.org.id}")
    return world.sessions.open_with(token, granted.user_id, granted.scopes, granted.login)


def _claims(world: World, granted: Granted) -> dict[str, Any]:
    now = int(world.clock.now())
    return {
        "iss": world.hosts.login,
        "aud": granted.app.client_id,
        "sub": f"{world.hosts.login}/id/{world.org.id}/{granted.user_id}",
        "iat": now,
        "exp": now + int(world.org.session_seconds),
    }


def _signature(app: Application, text: str) -> str:
    key = app.client_secret.encode()
    return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
