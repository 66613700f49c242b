"""The order of a plan's rows, and their batches and lanes."""
