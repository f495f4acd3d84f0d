"""Commands that show and change the configuration."""
