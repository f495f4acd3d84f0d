"""What the inside of a session is on its node, and which images there are."""
