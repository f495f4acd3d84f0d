"""The provider `local`: sessions on this computer."""
