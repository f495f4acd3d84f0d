"""The commands on dotfiles."""
