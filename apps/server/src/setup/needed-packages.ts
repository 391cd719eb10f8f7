/** A container engine that works unattended on Debian and Ubuntu, with what it only recommends but we need: a second OCI runtime, and the tools that wall tenants in. */
export const ENGINE_PACKAGES: readonly string[] = ['podman', 'runc', 'netavark', 'iproute2', 'nftables', 'procps'];

/** What builds environment images from Debian packages. */
export const IMAGE_PACKAGES: readonly string[] = ['mmdebstrap', 'debian-archive-keyring'];

/** What makes disks of machines, on top of that. */
export const DISK_PACKAGES: readonly string[] = ['e2fsprogs', 'qemu-utils'];
