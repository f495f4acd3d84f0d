"""The command set `daft`: clusters of daft-launcher and daft-cli, from their own files."""
