"""The partner API: `/services/Soap/u/58.0`. SOAP API Developer Guide."""
