"""The provider `acme`."""
