"""The snapshot store `acme://`."""
