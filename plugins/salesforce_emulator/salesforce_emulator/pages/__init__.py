"""The pages that show the org in a browser, at /__emulator__/."""
