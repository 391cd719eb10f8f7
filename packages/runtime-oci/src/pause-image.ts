import { Readable } from 'node:stream';
import { pack } from 'tar-stream';

/** The image whose one process keeps a pod's network namespace open. Shared by all installations on an engine. */
export const PAUSE_IMAGE = 'localhost/crownlabs/pause:1';

/** Machine code that sleeps for ever: wait for a signal, and again. A first process ignores every signal but KILL. */
const CODE: Partial<Record<NodeJS.Architecture, { machine: number; code: readonly number[] }>> = {
  // mov eax, 34 (pause); syscall; jmp to the beginning
  x64: { machine: 62, code: [0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7] },
  // x0..x3 = 0; x8 = 73 (ppoll); svc 0; b to the beginning: ppoll without descriptors and without a limit
  arm64: {
    machine: 183,
    code: [
      0x00, 0, 0x80, 0xd2, 0x01, 0, 0x80, 0xd2, 0x02, 0, 0x80, 0xd2, 0x03, 0, 0x80, 0xd2, 0x28, 0x09, 0x80, 0xd2, 1, 0, 0, 0xd4, 0xfa, 0xff,
      0xff, 0x17,
    ],
  },
};

const BASE = 0x400000n;
const HEADERS = 64 + 56;

/** A static ELF program of some 130 bytes; `undefined` on a processor we have no code for. https://refspecs.linuxfoundation.org/elf/elf.pdf */
export function pauseProgram(architecture: NodeJS.Architecture): Buffer | undefined {
  const target = CODE[architecture];
  if (!target) return undefined;
  const file = Buffer.alloc(HEADERS + target.code.length);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(2, 16); // executable
  file.writeUInt16LE(target.machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BASE + BigInt(HEADERS), 24); // entry
  file.writeBigUInt64LE(64n, 32); // program headers follow
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64); // a segment to load
  file.writeUInt32LE(5, 68); // readable, executable
  file.writeBigUInt64LE(BASE, 80);
  file.writeBigUInt64LE(BASE, 88);
  file.writeBigUInt64LE(BigInt(file.length), 96);
  file.writeBigUInt64LE(BigInt(file.length), 104);
  file.writeBigUInt64LE(0x1000n, 112);
  file.set(target.code, HEADERS);
  return file;
}

/** The image's file tree. */
export function pauseTree(program: Buffer): Readable {
  const tree = pack();
  tree.entry({ name: 'pause', mode: 0o755, mtime: new Date(0) }, program);
  tree.finalize();
  return Readable.from(tree);
}
