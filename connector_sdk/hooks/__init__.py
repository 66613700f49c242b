"""Calls to plugins: loaded, checked, and repeated where that is safe."""
