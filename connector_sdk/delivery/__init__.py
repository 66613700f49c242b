"""Send a frozen plan: deliver, split, retry and recover batches."""
