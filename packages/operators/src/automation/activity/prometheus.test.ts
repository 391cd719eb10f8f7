import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Instance, Template } from '@crownlabs/api';
import { silent } from '@crownlabs/std';
import { expect, test } from 'vitest';
import { prometheusActivity } from './prometheus.ts';

interface Series {
  readonly metric: Record<string, string>;
  readonly values: readonly (readonly [number, string])[];
}

const NOW = 1_800_000_000_000;
const ago = (minutes: number) => NOW / 1000 - minutes * 60;

/** What of Prometheus' HTTP API is asked for, over series that never change: selectors with `=` and `=~`, which matches whole values. */
async function prometheus(series: readonly Series[], { healthy = true } = {}) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://prometheus');
    if (url.pathname === '/-/healthy') {
      response.writeHead(healthy ? 200 : 503).end();
      return;
    }
    const query = url.searchParams.get('query') ?? '';
    asked.push(query);
    const counted = /^count\((\w+)\)$/.exec(query)?.[1];
    const found = counted ? series.filter(({ metric }) => metric['__name__'] === counted) : selected(series, query);
    const [from, to] = [Number(url.searchParams.get('start')), Number(url.searchParams.get('end'))];
    const ranged = found.map(({ metric, values }) => ({ metric, values: values.filter(([at]) => at >= from && at <= to) }));
    const result = counted ? (found.length > 0 ? [{ metric: {}, value: [NOW / 1000, String(found.length)] }] : []) : ranged;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ status: 'success', data: { resultType: counted ? 'vector' : 'matrix', result } }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, [Symbol.dispose]: () => void server.close() };
}

function selected(series: readonly Series[], query: string): Series[] {
  const [, name = '', inner = ''] = /^(\w+)\{(.*)\}$/.exec(query) ?? [];
  const matchers = [...inner.matchAll(/(\w+)(=~|=)("(?:[^"\\]|\\.)*")/g)].map(([, label = '', operator, text = '""']) => {
    const value = String(JSON.parse(text));
    return (metric: Record<string, string>) =>
      operator === '=' ? metric[label] === value : new RegExp(`^(?:${value})$`).test(metric[label] ?? '');
  });
  return series.filter(({ metric }) => metric['__name__'] === name && matchers.every((fits) => fits(metric)));
}

const requests = (service: string, changedAt: number): Series => ({
  metric: { __name__: 'nginx_ingress_controller_requests', exported_namespace: 'tenant-ada', exported_service: service },
  values: [
    [ago(300), '7'],
    [changedAt, '8'],
    [ago(0), '8'],
  ],
});

const ssh = (destination: string, at: number): Series => ({
  metric: { __name__: 'bastion_ssh_connections', destination_ip: destination },
  values: [
    [at, '1'],
    [ago(0), '1'],
  ],
});

const instance = {
  metadata: { name: 'instance-1', namespace: 'tenant-ada', uid: 'u1' },
  status: { environments: [{ name: 'dev', ip: '10.0.0.5', expositionAccepted: true }] },
} as unknown as Instance;
const template = { spec: { environmentList: [{ name: 'dev' }] } } as unknown as Template;
const signal = new AbortController().signal;

const source = (url: string, now = () => NOW) => prometheusActivity({ url }, { clock: { now, sleep: async () => undefined }, log: silent });

test('the latest change of any metric of the instance is its last use', async () => {
  using server = await prometheus([requests('instance-1-dev', ago(90)), ssh('10.0.0.5', ago(40)), ssh('10.0.0.50', ago(1))]);
  expect(await source(server.url).lastUse(instance, template, signal)).toBe(ago(40) * 1000);
});

// The known system matches services by the beginning of their names, so a neighbour's traffic keeps an instance alive.
test('[BUG] 2.10: traffic of instance-12 is none of instance-1', async () => {
  using server = await prometheus([requests('instance-12-dev', ago(5)), requests('instance-1-dev', ago(200))]);
  expect(await source(server.url).lastUse(instance, template, signal)).toBe(ago(200) * 1000);
});

test('a metric that nobody delivers is not asked for', async () => {
  using server = await prometheus([requests('instance-1-dev', ago(90))]);
  await source(server.url).lastUse(instance, template, signal);
  expect(server.asked.filter((it) => it.startsWith('bastion'))).toEqual([]);
});

test('a Prometheus that is not healthy says nothing, and that is said', async () => {
  using server = await prometheus([requests('instance-1-dev', ago(90))], { healthy: false });
  await expect(source(server.url).lastUse(instance, template, signal)).rejects.toMatchObject({ code: 'ServiceUnavailable' });
  expect(server.asked).toEqual([]);
});

test('whoever was asked about half a minute ago is not asked again', async () => {
  using server = await prometheus([requests('instance-1-dev', ago(90))]);
  let now = NOW;
  const asking = source(server.url, () => now);
  await asking.lastUse(instance, template, signal);
  const { length } = server.asked;
  now += 29_000;
  await asking.lastUse(instance, template, signal);
  expect(server.asked).toHaveLength(length);
  now += 2_000;
  await asking.lastUse(instance, template, signal);
  expect(server.asked.length).toBeGreaterThan(length);
});
