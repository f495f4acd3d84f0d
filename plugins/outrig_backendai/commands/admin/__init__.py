"""Commands under `admin`."""
