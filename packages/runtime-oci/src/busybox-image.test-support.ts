import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ImageStore } from '@crownlabs/runtime';
import { pack } from 'tar-stream';

/** A tiny image for tests, made of the host's static busybox. */
export const TEST_IMAGE = 'localhost/crownlabs-test/busybox:2';

const APPLETS = [
  'sh',
  'sleep',
  'kill',
  'true',
  'nc',
  'wget',
  'echo',
  'cat',
  'ls',
  'id',
  'httpd',
  'ip',
  'env',
  'stat',
  'touch',
  'mkdir',
  'hostname',
];

/** Imports the image unless it is there. */
export async function ensureTestImage(images: ImageStore): Promise<string> {
  if (await images.find(TEST_IMAGE)) return TEST_IMAGE;
  const tree = pack();
  for (const name of ['bin', 'tmp', 'etc', 'proc', 'sys', 'dev', 'home'])
    tree.entry({ name, type: 'directory', mode: name === 'tmp' ? 0o1777 : 0o755 });
  tree.entry({ name: 'bin/busybox', mode: 0o755 }, await readFile('/bin/busybox'));
  for (const applet of APPLETS) tree.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox' });
  tree.finalize();
  await images.import(Readable.from(tree), {
    reference: TEST_IMAGE,
    config: { entrypoint: ['/bin/sh'], env: { PATH: '/bin' }, labels: { test: 'yes' } },
  });
  return TEST_IMAGE;
}
