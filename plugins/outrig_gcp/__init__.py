"""The provider `gcp`: Compute Engine."""
