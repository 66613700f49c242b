"""The REST API. REST API Developer Guide."""
