"""What is noted about a session's image in its record, by name."""

from __future__ import annotations

STRICT = "strict_image"
"""It was asked for strictly: nothing else may take its place."""

NOTICE = "image_notice"
"""What is not as the image's name says."""


def images_are_strict() -> bool:
    """Tell whether the user's configuration asks for strict images always."""
    from outrig.api import configured

    settings = configured("strict_images")
    return settings is not None and settings.strict_images
