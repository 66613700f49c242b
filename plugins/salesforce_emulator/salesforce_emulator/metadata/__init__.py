"""The metadata of the org, independent of the API that reads or writes it. Metadata API Developer Guide."""
