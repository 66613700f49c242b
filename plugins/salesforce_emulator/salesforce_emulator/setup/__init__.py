"""The setup objects of an org: objects, automation and permissions. Tooling API Developer Guide; Object Reference."""
