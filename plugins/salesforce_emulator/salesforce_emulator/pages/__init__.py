"""What a person sees of the org in a browser, at /__emulator__/."""
