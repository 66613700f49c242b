"""What Setup shows of an org: objects, automation, permissions. Tooling API Developer Guide; Object Reference."""
