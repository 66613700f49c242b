"""Send a frozen plan: deliver, split, retry, settle."""
