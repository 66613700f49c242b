"""From a model to a frozen plan: changes, mapping, checks, look-ups and guards."""
