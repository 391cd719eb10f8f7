const SECTOR = 512;

/** Where the only partition of a disk begins: a mebibyte in, as all tools do. The boot loader lies before it. */
export const PARTITION_START = 1 << 20;

const ENTRY = 446;
const LINUX = 0x83;
const BOOTABLE = 0x80;

/** The first sector of a disk: the boot loader's first part, and one partition from a mebibyte in to the end. */
export function bootSector(loader: Uint8Array, diskBytes: number): Buffer {
  const sector = Buffer.alloc(SECTOR);
  sector.set(loader.subarray(0, 440));
  // No place in cylinders and heads: what reads this counts sectors.
  sector.set([BOOTABLE, 0xfe, 0xff, 0xff, LINUX, 0xfe, 0xff, 0xff], ENTRY);
  sector.writeUInt32LE(PARTITION_START / SECTOR, ENTRY + 8);
  sector.writeUInt32LE((diskBytes - PARTITION_START) / SECTOR, ENTRY + 12);
  sector.set([0x55, 0xaa], SECTOR - 2);
  return sector;
}
