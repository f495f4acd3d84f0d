"""What runs on a node, and our end of its protocol."""
