"""Read the project file, check it against its classes, convert it to a project, and locate errors in it."""
