"""The provider `ssh`: sessions on any machine one can log in to."""
