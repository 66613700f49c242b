"""The checks of a plan before anything is written."""
