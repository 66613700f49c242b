"""The login host: tokens, identity, revocation. REST API Developer Guide, "Authorization Through OAuth 2.0"."""
