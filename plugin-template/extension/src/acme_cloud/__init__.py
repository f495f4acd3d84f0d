"""The policy of Acme."""
