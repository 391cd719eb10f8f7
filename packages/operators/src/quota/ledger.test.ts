import { amount } from '@crownlabs/api';
import { type ApiResponse, createClient, type Transport } from '@crownlabs/client';
import { expect, test } from 'vitest';
import { NO_CHARGE } from './charge.ts';
import { Ledgers } from './ledger.ts';

const KEY = { namespace: 'tenant-ada', workspace: 'net' };
const charge = { ...NO_CHARGE, cpu: amount('1'), memory: amount('1G'), instances: 1 };
const names = Array.from({ length: 10 }, (_, i) => `i-${i}`);

/** An API that keeps one ConfigMap; `refuse` decides which of its writes meet somebody who was faster. */
function keeper(refuse: (write: number) => boolean = () => false) {
  let stored: { data?: Record<string, string> } | undefined;
  let writes = 0;
  const transport: Transport = async ({ method, value }) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (method === 'GET') return stored ? answer(200, stored) : answer(404, { reason: 'NotFound', message: 'there is none' });
    writes += 1;
    if (refuse(writes)) return answer(409, { reason: 'Conflict', message: 'somebody was faster' });
    stored = value as typeof stored;
    return answer(200, stored);
  };
  return { client: createClient(transport, { fieldManager: 'test' }), data: () => stored?.data ?? {}, writes: () => writes };
}

function answer(status: number, value: unknown): ApiResponse {
  const body = async function* () {
    yield Buffer.from(JSON.stringify(value));
  };
  return { status, headers: {}, body: body() };
}

function reserveAll(ledgers: Ledgers, quota: { cpu: number; memory: string; instances: number }) {
  return Promise.all(names.map((instance) => ledgers.reserve(KEY, { instance, charge, quota, alive: new Set(names) })));
}

test('what comes while a ledger is written goes into its next write together', async () => {
  const api = keeper();
  const shortages = await reserveAll(new Ledgers(api.client, undefined), { cpu: 10, memory: '20G', instances: 10 });
  expect(shortages.filter(Boolean)).toEqual([]);
  expect(Object.keys(api.data()).toSorted()).toEqual(names);
  expect(api.writes()).toBe(2);
});

test('of many that come together only those that fit are taken, and each hears of its own', async () => {
  const api = keeper((write) => write === 1 || write === 3);
  const shortages = await reserveAll(new Ledgers(api.client, undefined), { cpu: 4, memory: '20G', instances: 10 });
  expect(shortages.map((one) => one === undefined)).toEqual(names.map((_, at) => at < 4));
  expect(Object.keys(api.data())).toEqual(names.slice(0, 4));
});

test('a ledger that cannot be written is said to all who wait for it, and is tried anew by the next', async () => {
  const api = keeper((write) => write <= 8);
  const ledgers = new Ledgers(api.client, undefined);
  const quota = { cpu: 10, memory: '20G', instances: 10 };
  await expect(ledgers.reserve(KEY, { instance: 'a', charge, quota, alive: new Set(['a']) })).rejects.toMatchObject({ code: 'Conflict' });
  expect(await ledgers.reserve(KEY, { instance: 'b', charge, quota, alive: new Set(['b']) })).toBeUndefined();
  expect(Object.keys(api.data())).toEqual(['b']);
});
