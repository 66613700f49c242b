"""Record ids: of the rows themselves, and of the records that they refer to."""
