// Writes as fast as it can from several writers, and says of each write on standard output once it was acknowledged.
import { openStore } from '../src/index.ts';

const [directory = '', seed = '0'] = process.argv.slice(2);
const store = await openStore({ directory, retention: { forMs: 0, revisions: 50 } });

async function writer(id: number): Promise<void> {
  for (let n = 0; ; n++) {
    const name = `w${id}-${n % 7}`;
    const current = store.get('b', name);
    const deleted = current !== undefined && n % 5 === 0;
    const entry = await store.write({
      bucket: 'b',
      name,
      expected: current?.revision ?? 0,
      deleted,
      encode: (revision) => ({ bytes: Buffer.from(`${seed}/${id}/${n}@${revision}${'x'.repeat(n % 3 === 0 ? 5_000 : 10)}`) }),
    });
    process.stdout.write(`${entry.revision} ${name} ${deleted ? 'gone' : `${seed}/${id}/${n}`}\n`);
  }
}

process.stdout.write('ready\n');
await Promise.all([0, 1, 2, 3].map(writer));
