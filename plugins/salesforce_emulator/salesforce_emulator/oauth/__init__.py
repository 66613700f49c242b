"""The login host: tokens, identity and revocation. REST API Developer Guide, "Authorization Through OAuth 2.0"."""
