"""The contract between core and plugins, and the classes that every other package uses."""
