"""Configuration: the user's `config.yaml`, and settings from it, variables, projects and flags."""
