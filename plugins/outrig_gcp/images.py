"""The image that instances start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from outrig.errors import NotFoundError, OutrigError
from outrig_gcp.faults import is_missing
from outrig_gcp.machine_types import architecture, has_gpu

if TYPE_CHECKING:
    from outrig_gcp.calls import Gcp
    from outrig_gcp.settings import GcpSettings

_UBUNTU = {"X86_64": "ubuntu-2404-lts-amd64", "ARM64": "ubuntu-2404-lts-arm64"}
_LEARNING = "deeplearning-platform-release"
_PUBLIC = {
    "centos": "centos-cloud",
    "common": _LEARNING,
    "debian": "debian-cloud",
    "fedora": "fedora-cloud",
    "pytorch": _LEARNING,
    "rocky": "rocky-linux-cloud",
    "tf": _LEARNING,
    "ubuntu": "ubuntu-os-cloud",
}
"""Whose the images are whose names begin so, when no project is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image: its path, size in GiB, and whether it boots as a shielded machine."""

    path: str
    size_gib: int
    shielded: bool
    learning: bool


def find_image(gcp: Gcp, settings: GcpSettings, machine_type: str) -> Image:
    """Return the image for a type of machine; raises `OutrigError`.

    Without one named it is the current Ubuntu LTS, or with a GPU the newest of Google's
    deep-learning images, which has NVIDIA's driver.
    """
    try:
        return _image(_found(gcp, settings, machine_type))
    except OutrigError as err:
        if not is_missing(err):
            raise
        name = settings.image or settings.image_family or _UBUNTU[architecture(machine_type)]
        raise NotFoundError(
            f'gcp: there is no image "{name}"', hint="see: gcloud compute images list"
        ) from err


def _found(gcp: Gcp, settings: GcpSettings, machine_type: str) -> Any:
    if settings.image:
        project, name = _owner(gcp, settings.image)
        return gcp.get(f"projects/{project}/global/images/{name}")
    if settings.image_family or not has_gpu(machine_type):
        family = settings.image_family or f"ubuntu-os-cloud/{_UBUNTU[architecture(machine_type)]}"
        project, name = _owner(gcp, family)
        return gcp.get(f"projects/{project}/global/images/family/{name}")
    wanted = 'family eq "common-cu.*"'
    found = gcp.listed(f"projects/{_LEARNING}/global/images", filter=wanted)
    usable = [one for one in found if not one.get("deprecated")]
    if not usable:
        raise NotFoundError("gcp: Google has no deep-learning image", hint="name one: --image NAME")
    return max(usable, key=lambda one: ("ubuntu" in one["family"], str(one["creationTimestamp"])))


def _owner(gcp: Gcp, text: str) -> tuple[str, str]:
    """Return project and name of `NAME`, `PROJECT/NAME` or a URL of the API."""
    if "projects/" in text:
        parts = text.partition("projects/")[2].split("/")
        return parts[0], parts[-1]
    project, mark, name = text.rpartition("/")
    if mark:
        return project, name
    return _PUBLIC.get(name.partition("-")[0], gcp.project), name


def _image(found: Any) -> Image:
    features = {str(one.get("type")) for one in found.get("guestOsFeatures") or ()}
    path = str(found["selfLink"]).partition("/compute/v1/")[2]
    return Image(
        path=path,
        size_gib=int(found.get("diskSizeGb") or 10),
        shielded="UEFI_COMPATIBLE" in features,
        learning=path.startswith(f"projects/{_LEARNING}/"),
    )
