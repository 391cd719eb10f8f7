"""Mounts the volumes that a machine shares with its environment.

cloud-init knows devices and servers; a shared folder is neither, and its own module leaves it out. At every boot, so that a volume that
came or went while the machine was off is seen.
"""

import os
import subprocess

from cloudinit.settings import PER_ALWAYS

meta = {
    "id": "cc_crownlabs_volumes",
    "name": "CrownLabs volumes",
    "title": "Mount shared folders",
    "description": "Mounts the entries of `mounts` that are of the type virtiofs.",
    "distros": ["all"],
    "examples": [],
    "frequency": PER_ALWAYS,
    "activate_by_schema_keys": [],
}


def handle(_name, cfg, _cloud, log, _args):
    for entry in cfg.get("mounts") or []:
        if len(entry) < 3 or entry[2] != "virtiofs":
            continue
        tag, directory, options = entry[0], entry[1], entry[3] if len(entry) > 3 else "rw"
        os.makedirs(directory, exist_ok=True)
        if os.path.ismount(directory):
            continue
        done = subprocess.run(["/sbin/mount.virtiofs", tag, directory, "-o", options], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            log.warning("%s could not be mounted on %s: %s", tag, directory, done.stderr.strip())
