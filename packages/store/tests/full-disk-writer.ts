import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode, messageOf } from '@crownlabs/std';
import { openStore } from '@crownlabs/store';

/** Writes until it is refused and says how that went. With the size of a ballast it then makes room and tries again. */
const [directory, ballast] = process.argv.slice(2);
if (directory === undefined) throw new TypeError('full-disk-writer DIRECTORY [BALLAST]');
const weight = join(directory, 'ballast');
if (ballast !== undefined) writeFileSync(weight, Buffer.alloc(Number(ballast)));
const store = await openStore({ directory });
let acknowledged = 0;
try {
  for (;;) {
    await put(acknowledged);
    acknowledged += 1;
  }
} catch (error) {
  say('refused', hasCode(error, 'ServiceUnavailable') ? 'ServiceUnavailable' : 'unknown', messageOf(error));
}
say('acknowledged', acknowledged);
say('readable', store.count('b'));
// Forgetting history needs room too; that it has none must not end the process.
await store.compact(store.revision).catch((error: unknown) => say('uncompacted', messageOf(error)));
if (ballast !== undefined) {
  rmSync(weight);
  await put(acknowledged);
  say('again', 'written');
}
await store[Symbol.asyncDispose]();

function say(...words: readonly (string | number)[]): void {
  process.stdout.write(`${words.join(' ')}\n`);
}

function put(n: number) {
  return store.write({ bucket: 'b', name: `k${n}`, expected: 0, encode: () => ({ bytes: Buffer.alloc(3000, n) }) });
}
