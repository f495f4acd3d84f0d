"""Commands that show what is installed and what is wrong with it."""
