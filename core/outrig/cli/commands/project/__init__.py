"""Commands that make, check and show projects."""
