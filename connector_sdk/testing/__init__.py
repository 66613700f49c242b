"""What a connector developer tests with: the conformance kit, cassettes, a crash harness, and destinations to try."""
