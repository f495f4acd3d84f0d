"""Jobs on a running Ray cluster, through its dashboard; Ray itself is not imported."""
