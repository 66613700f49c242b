"""From a model to a frozen plan: changes, mapping, checks, lookups and guards."""
