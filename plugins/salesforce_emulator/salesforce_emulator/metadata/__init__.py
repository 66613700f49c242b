"""What the org is made of, apart from the API that reads or writes it. Metadata API Developer Guide."""
