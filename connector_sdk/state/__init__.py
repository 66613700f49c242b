"""The state that survives a run: the journal, snapshots, ledgers, locks and tokens."""
