import { expect, test } from 'vitest';
import { bootSector } from './partition-table.ts';

test('a disk has the loader in front, and one bootable partition up to its end', () => {
  const sector = bootSector(Buffer.alloc(512, 7), 6 * 2 ** 30);
  expect([sector.length, sector[439], sector[440]]).toEqual([512, 7, 0]);
  expect([sector[446], sector[450]]).toEqual([0x80, 0x83]);
  expect(sector.readUInt32LE(454)).toBe(2048);
  expect(sector.readUInt32LE(454) + sector.readUInt32LE(458)).toBe((6 * 2 ** 30) / 512);
  expect(sector.readUInt16BE(510)).toBe(0x55aa);
});
