"""The partner API of SOAP: `/services/Soap/u/58.0`. SOAP API Developer Guide."""
