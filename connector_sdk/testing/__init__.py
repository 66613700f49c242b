"""Tools to test a connector with: the conformance kit, cassettes, the crash harness and ready-made destinations."""
