"""Templates: what sessions are made from."""
