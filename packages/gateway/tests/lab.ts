import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instance, Template, Tenant } from '@crownlabs/api';
import type { Kube, KubeObject } from '@crownlabs/client';
import { silent, systemClock } from '@crownlabs/std';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { WebSocket } from 'ws';
import { createGateway, type Exec, FileSessionStore, type Forward, type Gateway, type Neighbour, type OpenMachine } from '../src/index.ts';
import { FakeIssuer } from './fake-issuer.ts';
import { LiveSet } from './live-set.ts';

export const UID = '1a2b3c4d-0000-4000-8000-000000000001';
export const OTHER_UID = '9f8e7d6c-0000-4000-8000-000000000002';

/** What a test may set differently. */
export interface LabOptions {
  readonly exec?: Exec;
  readonly machines?: OpenMachine;
  readonly relay?: Neighbour;
  readonly forward?: Forward;
  readonly reboot?: (machine: { namespace?: string; name: string }) => Promise<void>;
}

/** A gateway on a loopback port, with a fake issuer, hand-fed watches, and rights that are a set of sentences. */
export class Lab implements AsyncDisposable {
  readonly issuer = new FakeIssuer();
  readonly instances = new LiveSet<Instance>();
  readonly pods = new LiveSet<Kube<Pod>>();
  readonly templates = new LiveSet<Template>();
  readonly tenants = new LiveSet<Tenant>();
  readonly roles = new LiveSet<KubeObject>();
  /** `ada control desk`. */
  readonly granted = new Set<string>();
  /** `used desk`, `kept desk`, `kept desk from expiration`, in order. */
  readonly uses: string[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  readonly #server: Server = createServer();
  #gateway: Gateway | undefined;
  #store: FileSessionStore | undefined;
  port = 0;

  static async start(options: LabOptions = {}): Promise<Lab> {
    const lab = new Lab();
    await lab.#listen(options);
    for (const name of ['ada', 'eve']) {
      lab.issuer.people.set(name, ['workspace-netgroup:user']);
      lab.tenants.put(tenant(name));
    }
    lab.templates.put(template());
    lab.instances.put(instance('desk', UID, 'tenant-ada'));
    lab.instances.put(instance('other', OTHER_UID, 'tenant-eve'));
    return lab;
  }

  get origin(): string {
    return `http://localhost:${this.port}`;
  }

  appOrigin(uid = UID, environment = 'desktop'): string {
    return `http://${environment}-${uid.slice(0, 8)}.apps.localhost:${this.port}`;
  }

  async #listen(options: LabOptions): Promise<void> {
    this.issuer.server.listen(0, '127.0.0.1');
    await once(this.issuer.server, 'listening');
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
    this.issuer.at(`${this.origin}/oidc`);
    writeFileSync(join(this.folder, 'index.html'), '<!doctype html><title>Dashboard</title>');
    writeFileSync(join(this.folder, 'app-a1b2c3d4.js'), `console.log(${'1 + '.repeat(1000)}0)`);
    this.restart(options);
  }

  /** Puts another gateway in the place of the one before, over the same session file. */
  restart(options: LabOptions = {}): void {
    this.#store?.[Symbol.dispose]();
    this.#store = new FileSessionStore(join(this.folder, 'sessions.db'), systemClock);
    const issuerPort = (this.issuer.server.address() as AddressInfo).port;
    const gateway = createGateway({
      publicURL: this.origin,
      appsDomain: 'apps.localhost',
      issuer: {
        url: `${this.origin}/oidc`,
        clientId: 'k8s',
        clientSecret: 'secret',
        fetch: (url, init) => fetch(url.replace(/\/\/[^/]+/, `//127.0.0.1:${issuerPort}`), init),
      },
      relay: options.relay ?? { host: '127.0.0.1', port: 1 },
      identity: { host: '127.0.0.1', port: issuerPort },
      dashboard: this.folder,
      sessions: this.#store,
      key: Buffer.alloc(32, 7),
      review: async ({ username }, { subresource, name }) => ({
        allowed: this.granted.has(`${username} ${subresource} ${name}`),
        reason: '',
      }),
      watched: { instances: this.instances, pods: this.pods, templates: this.templates, tenants: this.tenants },
      rights: [this.roles],
      uses: {
        used: ({ metadata: { name } }) => void this.uses.push(`used ${name}`),
        keep: async ({ metadata: { name } }, { fromExpiration = false } = {}) =>
          void this.uses.push(`kept ${name}${fromExpiration ? ' from expiration' : ''}`),
        [Symbol.asyncDispose]: async () => undefined,
      },
      exec: options.exec ?? (() => Promise.reject(new Error('no terminals in this test'))),
      machines: options.machines ?? (() => Promise.reject(new Error('no machines in this test'))),
      reboot: options.reboot ?? (() => Promise.reject(new Error('no machines in this test'))),
      ...(options.forward ? { forward: options.forward } : {}),
      clock: systemClock,
      log: silent,
    });
    this.#server.removeAllListeners('request').removeAllListeners('upgrade');
    this.#server.on('request', gateway.request).on('upgrade', gateway.upgrade);
    this.#gateway = gateway;
  }

  /** The rights of `name` on an instance change, and the watch says so. */
  revoke(sentence: string, namespace: string): void {
    this.granted.delete(sentence);
    this.roles.put({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'any', namespace } });
  }

  /** A pod of instance `desk` at `ip`. */
  runPod(ip = '127.0.0.1', name = 'desk', namespace = 'tenant-ada'): void {
    const labels = { 'crownlabs.polito.it/instance': name, 'crownlabs.polito.it/environment': 'desktop' };
    this.pods.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `${name}-desktop`, namespace, uid: crypto.randomUUID(), labels },
      spec: { containers: [{ name: 'desktop' }] },
      status: { podIP: ip, phase: 'Running' },
    });
  }

  /** A machine of instance `desk` whose guest is at `ip`, and how its environment is. */
  runMachine(ip: string, { gui, phase }: { gui: boolean; phase: 'Running' | 'Ready' }): void {
    const made = template();
    const [environment] = made.spec.environmentList;
    if (environment) made.spec.environmentList = [{ ...environment, environmentType: 'VirtualMachine', guiEnabled: gui }];
    this.templates.put(made);
    const environments = [{ name: 'desktop', phase, expositionAccepted: true }];
    this.instances.put({ ...instance('desk', UID, 'tenant-ada'), status: { phase, environments } });
    const labels = {
      'crownlabs.polito.it/instance': 'desk',
      'crownlabs.polito.it/environment': 'desktop',
      'kubevirt.io': 'virt-launcher',
    };
    this.pods.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'virt-launcher-desk-desktop-1a2b3', namespace: 'tenant-ada', uid: 'launcher', labels },
      spec: { containers: [{ name: 'compute' }] },
      status: { podIP: ip, phase: 'Running' },
    });
  }

  browser(person = 'ada'): Browser {
    return new Browser(this, person);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway?.[Symbol.asyncDispose]();
    for (const server of [this.#server, this.issuer.server]) {
      server.close();
      server.closeAllConnections();
    }
    this.#store?.[Symbol.dispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What a request of a browser may carry. */
export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** A browser with a cookie jar per host. */
export class Browser {
  readonly #lab: Lab;
  readonly jars = new Map<string, Map<string, string>>();

  constructor(lab: Lab, person: string) {
    this.#lab = lab;
    this.jar(lab.origin).set('as', person);
  }

  jar(address: string): Map<string, string> {
    const { hostname } = new URL(address);
    const jar = this.jars.get(hostname) ?? new Map<string, string>();
    this.jars.set(hostname, jar);
    return jar;
  }

  cookies(address: string): string {
    return [...this.jar(address)].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  ask(address: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Answer> {
    const url = new URL(address, this.#lab.origin);
    return new Promise((resolve, reject) => {
      const sent = httpRequest(
        {
          host: '127.0.0.1',
          port: this.#lab.port,
          method,
          path: `${url.pathname}${url.search}`,
          headers: { host: url.host, accept: 'text/html', cookie: this.cookies(url.href), ...headers },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('end', () => {
            this.#keep(url.href, answer.headers['set-cookie'] ?? []);
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString() });
          });
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** Follows redirects to the end, across hosts. */
  async visit(address: string, hops = 12): Promise<Answer & { readonly url: string }> {
    const url = new URL(address, this.#lab.origin).href;
    const answer = await this.ask(url);
    const { location } = answer.headers;
    return location && hops > 0 ? this.visit(new URL(location, url).href, hops - 1) : { ...answer, url };
  }

  async signIn(): Promise<this> {
    await this.visit('/auth/login');
    return this;
  }

  /** A WebSocket as a page of ours would open it. */
  socket(
    path: string,
    { origin, headers = {}, at = this.#lab.origin }: { origin?: string; headers?: Record<string, string>; at?: string } = {},
  ): WebSocket {
    return new WebSocket(`ws://127.0.0.1:${this.#lab.port}${path}`, ['binary'], {
      origin: origin ?? at,
      headers: { host: new URL(at).host, cookie: this.cookies(at), ...headers },
    });
  }

  #keep(address: string, lines: readonly string[]): void {
    const jar = this.jar(address);
    for (const line of lines) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      if (/max-age=0/i.test(line)) jar.delete(pair.slice(0, at));
      else jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }
}

/** How an upgrade ended: `open`, or the status it was refused with. */
export function outcome(socket: WebSocket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('open', () => resolve('open'));
    socket.once('unexpected-response', (_request, answer) => resolve(String(answer.statusCode)));
    socket.once('error', (error) => resolve(error.message));
  });
}

/** The code with which a socket was closed. */
export async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, 'close')) as [number];
  return code;
}

function tenant(name: string): Tenant {
  const workspaces = [{ name: 'netgroup', role: 'user' as const }];
  return {
    apiVersion: 'crownlabs.polito.it/v1alpha2',
    kind: 'Tenant',
    metadata: { name },
    spec: { firstName: name, lastName: 'Lab', email: `${name}@lab`, workspaces, createSandbox: false },
  };
}

function template(): Template {
  return {
    apiVersion: 'crownlabs.polito.it/v1alpha2',
    kind: 'Template',
    metadata: { name: 'desktop', namespace: 'workspace-netgroup' },
    spec: { environmentList: [{ name: 'desktop', environmentType: 'Container' }] },
  } as unknown as Template;
}

export function instance(name: string, uid: string, namespace: string): Instance {
  return {
    apiVersion: 'crownlabs.polito.it/v1alpha2',
    kind: 'Instance',
    metadata: { name, namespace, uid },
    spec: {
      'template.crownlabs.polito.it/TemplateRef': { name: 'desktop', namespace: 'workspace-netgroup' },
      'tenant.crownlabs.polito.it/TenantRef': { name: namespace.replace('tenant-', '') },
      running: true,
    },
  };
}
