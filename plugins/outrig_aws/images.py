"""The image that instances start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from outrig.errors import NotFoundError
from outrig_aws.calls import filters
from outrig_aws.machine_types import architecture, has_gpu

if TYPE_CHECKING:
    from outrig_aws.calls import Aws

_UBUNTU = "/aws/service/canonical/ubuntu/server/24.04/stable/current/{arch}/hvm/ebs-gp3/ami-id"
_LEARNING = (
    "/aws/service/deeplearning/ami/{arch}/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id"
)
_USERS = (("ubuntu", "ubuntu"), ("debian", "admin"), ("rocky", "rocky"), ("fedora", "fedora"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An AMI: its root device's name and size in GiB, and who logs in to it."""

    id: str
    device: str
    size_gib: int
    user: str


def find_image(aws: Aws, region: str, wanted: str | None, machine_type: str) -> Image:
    """Return the image for a type of machine; raises `OutrigError`.

    `wanted` is an AMI's id, an SSM parameter (with a leading `/`) or a pattern of names, of which
    the newest counts; without one it is the current Ubuntu LTS, or with a GPU the deep-learning
    image of that.
    """
    arch = architecture(machine_type)
    if wanted is None:
        pattern = _LEARNING if has_gpu(machine_type) else _UBUNTU
        plain = "amd64" if arch == "x86_64" and pattern == _UBUNTU else arch
        wanted = pattern.format(arch=plain)
    wanted = wanted.removeprefix("resolve:ssm:")
    if wanted.startswith("/"):
        wanted = _parameter(aws, region, wanted)
    if wanted.startswith("ami-"):
        found = aws.ec2(region, "describe_images", ImageIds=[wanted])["Images"]
    else:
        asked = filters(name=wanted, architecture=arch, state="available")
        found = [*aws.pages(region, "describe_images", "Images", Filters=asked)]
    if not found:
        raise NotFoundError(f'aws {region}: there is no image "{wanted}" for {arch}')
    return _image(max(found, key=lambda one: str(one.get("CreationDate", ""))))


def _parameter(aws: Aws, region: str, name: str) -> str:
    return str(aws.call("ssm", region, "get_parameter", Name=name)["Parameter"]["Value"])


def _image(found: Any) -> Image:
    device = found.get("RootDeviceName") or "/dev/sda1"
    sizes = [
        int(one["Ebs"].get("VolumeSize") or 8)
        for one in found.get("BlockDeviceMappings", ())
        if one.get("DeviceName") == device and "Ebs" in one
    ]
    about = f"{found.get('Name', '')} {found.get('Description', '')}".lower()
    user = next((user for word, user in _USERS if word in about), "ec2-user")
    size = sizes[0] if sizes else 8
    return Image(id=str(found["ImageId"]), device=device, size_gib=size, user=user)
