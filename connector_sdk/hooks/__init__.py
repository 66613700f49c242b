"""The calls to plugins: load a plugin, check its answers, and repeat a call if that is safe."""
