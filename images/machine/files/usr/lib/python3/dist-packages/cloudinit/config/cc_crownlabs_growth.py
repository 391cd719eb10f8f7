"""Whether the root file system grows to the size of its disk, where the machine is told.

It grows by a program of its own, after the boot; cloud-init's modules would hold the boot up. The keys are theirs: `growpart` and `resize_rootfs`.
"""

from cloudinit.settings import PER_ALWAYS

STAYS = "/run/crownlabs/root-stays"

meta = {
    "id": "cc_crownlabs_growth",
    "name": "CrownLabs growth",
    "title": "Leave the root file system as large as it is",
    "description": "Heeds `growpart` and `resize_rootfs`.",
    "distros": ["all"],
    "examples": [],
    "frequency": PER_ALWAYS,
    "activate_by_schema_keys": [],
}


def stays(cfg):
    growpart = cfg.get("growpart") or {}
    # YAML takes a plain `off` for a boolean.
    if growpart.get("mode", "auto") in ("off", False) or cfg.get("resize_rootfs", True) is False:
        return True
    return "/" not in growpart.get("devices", ["/"])


def handle(_name, cfg, _cloud, _log, _args):
    if stays(cfg):
        with open(STAYS, "w") as mark:
            mark.write("asked for\n")
