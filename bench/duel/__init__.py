"""The duel: the same inserts with the same faults through the product and its peers, judged by the org's records."""
