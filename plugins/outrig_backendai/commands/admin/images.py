"""`bai admin images`, which is `admin image list` too."""

from __future__ import annotations

from outrig.api import Command, option
from outrig_backendai.compute.sessions import Compute
from outrig_backendai.listing.images import FIELDS, list_images
from outrig_backendai.listing.page import cut
from outrig_backendai.listing.printing import print_page


class BaiAdminImages(Command):
    """List images."""

    summary = "List images"
    details = (
        "Container images that an engine on an agent has, and interpreters that it can run without "
        "one. `bai admin rescan-images` looks again."
    )
    examples = (("bai admin images", "all of them"),)
    options = (option("operation", None, "those that can be used now: for scripts, all can"),)

    def handle(self) -> int:
        """Print them."""
        found = cut(list_images(Compute(self.outrig)), 0, None)
        print_page(self, found, FIELDS, empty="There are no images.")
        return 0
