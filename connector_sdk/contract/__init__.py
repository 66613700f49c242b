"""The words between core and plugins, and what every floor stands on."""
