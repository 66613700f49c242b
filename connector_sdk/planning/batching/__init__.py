"""The order of a plan's rows, and the batches that they are cut into."""
