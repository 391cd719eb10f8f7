import { type LogEvent, openStore } from '@crownlabs/store';

/**
 * Writes for ever, many at once, and watches itself. On its standard output, a line each:
 * `ack NAME REVISION written|deleted` for what was acknowledged, `saw NAME REVISION written|deleted` for what the watch told,
 * which begins after the revision that is given.
 */
const [directory, resume] = process.argv.slice(2);
if (directory === undefined || resume === undefined) throw new TypeError('crash-writer DIRECTORY RESUME');
const store = await openStore({ directory });
process.stdout.write('ready\n');
store.subscribe('b', tell);
tell(store.since('b', Number(resume)));
await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));

function tell(events: readonly LogEvent[]): void {
  const lines = events.map(({ entry, deleted }) => `saw ${entry.name} ${entry.revision} ${deleted ? 'deleted' : 'written'}\n`);
  process.stdout.write(lines.join(''));
}

async function write(writer: number): Promise<void> {
  for (let n = 0; ; n += 1) {
    const name = `${writer}/${n % 20}`;
    const expected = store.get('b', name)?.revision ?? 0;
    const deleted = expected > 0 && n % 7 === 0;
    const encode = (revision: number) => ({ bytes: Buffer.from(`${name} ${revision}`) });
    const entry = await store.write({ bucket: 'b', name, expected, deleted, encode });
    process.stdout.write(`ack ${name} ${entry.revision} ${deleted ? 'deleted' : 'written'}\n`);
    if (n % 50 === 49) void store.compact(store.revision - 200);
  }
}
