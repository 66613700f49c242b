"""HTTP calls: how they are sent, limited and redacted, and how their bodies are read."""
