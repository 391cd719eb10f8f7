import { openStore } from '@crownlabs/store';

/** Writes for ever, many at once, and says on its standard output what was acknowledged: `name revision`, a line each. */
const directory = process.argv[2];
if (directory === undefined) throw new TypeError('crash-writer DIRECTORY');
const store = await openStore({ directory });
const round = store.revision;
process.stdout.write('ready\n');
await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));

async function write(writer: number): Promise<void> {
  for (let n = 0; ; n += 1) {
    const name = `${round}/${writer}/${n % 20}`;
    const expected = store.get('b', name)?.revision ?? 0;
    const deleted = expected > 0 && n % 7 === 0;
    const entry = await store.write({
      bucket: 'b',
      name,
      expected,
      deleted,
      encode: (revision) => ({ bytes: Buffer.from(`${name} ${revision}`) }),
    });
    process.stdout.write(`${name} ${entry.revision} ${deleted ? 'deleted' : 'written'}\n`);
    if (n % 50 === 49) void store.compact(store.revision - 200);
  }
}
