"""The provider `ray`: runs of sessions as jobs on a running Ray cluster."""
