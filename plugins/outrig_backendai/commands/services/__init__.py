"""Commands that reach services of sessions."""
