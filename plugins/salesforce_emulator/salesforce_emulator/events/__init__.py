"""Platform events. Platform Events Developer Guide."""
