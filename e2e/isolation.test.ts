import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { openBrowser, picture, signIn } from './browser.ts';
import { desktopPainted, isConnected } from './desktop.ts';
import { installationId } from './engine.ts';
import { Installation } from './installation.ts';
import { kubectl, must } from './kubectl.ts';
import { Neighbourhood, type Place } from './neighbourhood.ts';
import { apply, imagesReady, instanceOf, instanceReady } from './objects.ts';
import { inContainer, podAddress } from './pods.ts';
import { run } from './program.ts';

// Issue 2, "Seen to hold" 5: who may open what, and what an environment may reach.

let lab: Installation;
let browser: Browser;
let neighbourhood: Neighbourhood;
let teacher: BrowserContext;
let other: BrowserContext;
let uid = '';
let uidOfLab = '';

const INSTANCE = 'mine';
const RFB = `/api/rfb/tenant-student/${INSTANCE}/desktop`;
const TERMINAL = `/api/terminal/tenant-student/${INSTANCE}/desktop`;

beforeAll(async () => {
  neighbourhood = await Neighbourhood.open();
  [lab, browser] = await Promise.all([Installation.start(), openBrowser()]);
  await imagesReady(lab, 'desktop', 'terminal');
  const person = ['--first-name', 'Olga', '--last-name', 'Other', '--email', 'other@example.org'];
  const added = await lab.cli('user', 'add', 'other', ...person, '--enrol', 'netgroup');
  lab.passwords.set('other', added.stdout.trim());
  await apply(lab, instanceOf('student', 'desktop', INSTANCE));
  await apply(lab, instanceOf('other', 'desktop', 'theirs'));
  await instanceReady(lab, 'student', INSTANCE);
  await instanceReady(lab, 'other', 'theirs');
  uid = await must(lab, ['get', '-n', 'tenant-student', 'instance', INSTANCE, '-o', 'jsonpath={.metadata.uid}']);
  uidOfLab = await installationId(lab);
  teacher = (await signIn(browser, lab, 'teacher')).context;
  other = (await signIn(browser, lab, 'other')).context;
});

afterAll(async () => {
  await browser?.close();
  await lab?.[Symbol.asyncDispose]();
  await neighbourhood?.[Symbol.asyncDispose]();
});

/** The status with which the gateway answers a WebSocket handshake; 101 when it lets in. */
async function handshake(context: BrowserContext | undefined, path: string, origin = lab.url): Promise<number> {
  const cookies = (await context?.cookies(lab.url)) ?? [];
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const socket = new WebSocket(`${lab.url.replace('http', 'ws')}${path}`, 'binary', { headers: { origin, ...(cookie ? { cookie } : {}) } });
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      socket.terminate();
      resolve(101);
    });
    socket.once('unexpected-response', (_, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    socket.once('error', reject);
  });
}

/** What the graph answers to a person's own page. */
async function graph(context: BrowserContext, query: string): Promise<string> {
  const headers = { origin: lab.url };
  return (await context.request.post(`${lab.url}/graph`, { headers, data: { query } })).text();
}

const ofStudent = 'namespace: "tenant-student"';
const LIST = `{ list: listCrownlabsPolitoItV1alpha2NamespacedInstance(${ofStudent}) { items { metadata { name } } } }`;
const READ = `{ one: itPolitoCrownlabsV1alpha2Instance(${ofStudent}, name: "${INSTANCE}") { metadata { uid } } }`;
const DELETE = `mutation { gone: deleteCrownlabsPolitoItV1alpha2NamespacedInstance(${ofStudent}, name: "${INSTANCE}") { kind } }`;

describe('the teacher of the workspace', () => {
  test("sees the student's instance and opens its desktop", async () => {
    const page = await teacher.newPage();
    await page.goto(`${lab.url}/teaching`);
    await page.locator(`[data-testid=student-instance][data-instance=${INSTANCE}]`).getByTestId('connect').click();
    await desktopPainted(page);
    expect(await isConnected(page)).toBe(true);
    await picture(page, 'teacher-on-student-desktop');
    await page.close();
  });

  test('gets into each door that is closed to others', async () => {
    expect([await handshake(teacher, RFB), await handshake(teacher, `${RFB}?view=1`), await handshake(teacher, TERMINAL)]).toEqual([
      101, 101, 101,
    ]);
    expect(await graph(teacher, READ)).toContain(uid);
  });
});

describe('another student', () => {
  const as = ['--as', 'other', '--as-group', 'system:authenticated', '--as-group', 'kubernetes:workspace-netgroup:user'];

  test.each([
    ['get', '-n', 'tenant-student', 'instance', INSTANCE],
    ['get', '-n', 'tenant-student', 'pods'],
    ['get', '-n', 'tenant-student', 'secrets'],
    ['delete', '-n', 'tenant-student', 'instance', INSTANCE],
    ['get', 'instances', '-A'],
  ])('is refused by the API: %s %s %s %s', async (...args) => {
    const { code, stderr } = await kubectl(lab, [...args.filter(Boolean), ...as]);
    expect(stderr).toContain('Forbidden');
    expect(code).toBe(1);
  });

  test.each([
    ['listing', LIST],
    ['reading', READ],
    ['deleting', DELETE],
  ])('is refused by the relay: %s', async (_, query) => {
    const answer = await graph(other, query);
    expect(answer).toMatch(/forbidden/i);
    expect(answer).not.toContain(uid);
  });

  test('is refused at the desktop, the terminal and the web app', async () => {
    expect(await handshake(other, RFB)).toBe(403);
    expect(await handshake(other, `${RFB}?view=1`)).toBe(403);
    expect(await handshake(other, TERMINAL)).toBe(403);
    expect((await other.request.get(`${lab.url}/instance/${uid}/desktop/`)).status()).toBe(403);
    const own = `http://desktop-${uid.slice(0, 8)}.apps.localhost:${lab.port}/instance/${uid}/desktop/`;
    const page = await other.newPage();
    expect((await page.goto(own))?.status()).toBe(403);
    await page.close();
  });
});

describe('whoever has no session, or comes from another page', () => {
  test.each([RFB, TERMINAL, '/graph/subscription'])('is refused at %s', async (path) => {
    expect(await handshake(undefined, path)).toBe(401);
    expect(await handshake(teacher, path, 'http://elsewhere.example')).toBe(403);
  });
});

describe('an environment', () => {
  const KNOCK = `
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def knock(place):
    try:
        socket.create_connection((place['address'], place['port']), 3).close()
        return place
    except OSError:
        return None
with ThreadPoolExecutor(32) as pool:
    print(json.dumps([place for place in pool.map(knock, json.loads(sys.argv[1])) if place]))`;

  /** Those places to which a TCP connection can be made from inside the student's desktop. */
  async function reached(places: readonly Place[]): Promise<unknown> {
    return JSON.parse(await inContainer(lab, 'student', INSTANCE, ['python3', '-c', KNOCK, JSON.stringify(places)]));
  }

  test("cannot open a connection to another tenant's, while its own port answers", async () => {
    const [own, theirs] = await Promise.all([podAddress(lab, 'student', INSTANCE), podAddress(lab, 'other', 'theirs')]);
    const places = [own, theirs].flatMap((address) => [5900, 6080].map((port) => ({ address, port })));
    expect(await reached(places)).toEqual(places.filter(({ address }) => address === own));
  });

  test('cannot open a connection to this machine, to the local network or to the metadata of a cloud', async () => {
    const own = await podAddress(lab, 'student', INSTANCE);
    const gateway = own.replace(/\d+$/, '1');
    expect(neighbourhood.places.map(({ address }) => address)).toContain(gateway);
    const ports = [22, lab.port, lab.apiPort].map((port) => ({ address: gateway, port }));
    expect(await reached([...neighbourhood.places, ...ports, { address: '169.254.169.254', port: 80 }])).toEqual([]);
  });
});

test('networks of environments give this machine no IPv6 addresses, at which a browser here would drop what it loads', async () => {
  const { stdout } = await run('ip', ['-6', '-o', 'address']);
  expect(stdout.split('\n').filter((line) => line.includes(` cl${uidOfLab.slice(0, 6)}`))).toEqual([]);
});

describe('a pod that asks for more than an environment may have', () => {
  const container = { name: 'c', image: 'crownlabs/terminal:1', command: ['sleep', '1000'] };
  const ASKS: readonly (readonly [string, string, object])[] = [
    ['a host path', 'hostPath', { containers: [container], volumes: [{ name: 'v', hostPath: { path: '/' } }] }],
    ['the host network', 'hostNetwork', { containers: [container], hostNetwork: true }],
    ['the host processes', 'hostPID', { containers: [container], hostPID: true }],
    ['host IPC', 'hostIPC', { containers: [container], hostIPC: true }],
    ['a host port', 'host port', { containers: [{ ...container, ports: [{ containerPort: 80, hostPort: 80 }] }] }],
    ['privilege', 'privileged', { containers: [{ ...container, securityContext: { privileged: true } }] }],
    ['added capabilities', 'SYS_ADMIN', { containers: [{ ...container, securityContext: { capabilities: { add: ['SYS_ADMIN'] } } }] }],
  ];
  const podOf = (namespace: string, name: string, spec: object) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec });

  test.each(ASKS)('%s is refused by the API in a tenant namespace', async (_, __, spec) => {
    const { code, stderr } = await kubectl(lab, ['create', '-f', '-'], JSON.stringify(podOf('tenant-student', 'asks', spec)));
    expect(stderr).toContain('violates PodSecurity');
    expect(code).toBe(1);
  });

  test('is refused by the agent, where it got past the API', async () => {
    // Allowed when they were made, these pods reach the node when their namespace allows them no more.
    await must(lab, ['create', 'namespace', 'lax']);
    onTestFinished(() => void kubectl(lab, ['delete', 'namespace', 'lax', '--wait=false']));
    await must(lab, ['label', 'namespace', 'lax', 'pod-security.kubernetes.io/enforce=privileged']);
    const items = ASKS.map(([, , spec], index) => podOf('lax', `asks-${index}`, { ...spec, nodeSelector: { wall: 'tested' } }));
    await must(lab, ['create', '-f', '-'], { apiVersion: 'v1', kind: 'List', items });
    await must(lab, ['label', 'namespace', 'lax', 'pod-security.kubernetes.io/enforce-']);
    await must(lab, ['label', 'nodes', '--all', 'wall=tested']);
    for (const [index, [, word]] of ASKS.entries()) {
      await must(lab, ['wait', '-n', 'lax', `pod/asks-${index}`, '--for=jsonpath={.status.phase}=Failed', '--timeout=30s']);
      expect(await must(lab, ['get', '-n', 'lax', 'pod', `asks-${index}`, '-o', 'jsonpath={.status.reason} {.status.message}'])).toContain(
        word,
      );
    }
  });

  test("capabilities that Kubernetes' baseline would allow are refused by the agent", async () => {
    const spec = { containers: [{ ...container, securityContext: { capabilities: { add: ['MKNOD'] } } }] };
    await must(lab, ['create', '-f', '-'], podOf('default', 'mknod', spec));
    await must(lab, ['wait', '-n', 'default', 'pod/mknod', '--for=jsonpath={.status.phase}=Failed', '--timeout=30s']);
    expect(await must(lab, ['get', 'pod', 'mknod', '-o', 'jsonpath={.status.message}'])).toContain('capability MKNOD');
  });

  test('nobody but the owner of the machine may relax a namespace', async () => {
    const as = ['--as', 'teacher', '--as-group', 'system:authenticated', '--as-group', 'kubernetes:workspace-netgroup:manager'];
    const label = ['label', 'namespace', 'tenant-student', '--overwrite', 'pod-security.kubernetes.io/enforce=privileged'];
    expect((await kubectl(lab, [...label, ...as])).stderr).toContain('Forbidden');
  });
});
