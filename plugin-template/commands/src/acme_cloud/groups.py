"""The group `outrig acme`, as help shows it."""

from outrig.api import Group

ACME = Group(summary="What Acme does with projects")
