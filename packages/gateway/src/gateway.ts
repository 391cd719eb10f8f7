import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Tenant } from '@crownlabs/api';
import {
  type Access,
  createAccess,
  createKeepTickets,
  createTickets,
  type Fetch,
  type Person,
  type Review,
  type UseReports,
  withLiveGroups,
} from '@crownlabs/auth';
import type { Informer, ObjectKey } from '@crownlabs/client';
import type { Clock, Logger } from '@crownlabs/std';
import { Connections } from './environment/connections.ts';
import { createDial, type Forward } from './environment/dial.ts';
import { Environments, type Watched } from './environment/environments.ts';
import type { OpenMachine } from './environment/machine-console.ts';
import type { Exec } from './environment/shell.ts';
import { TerminalDoor } from './environment/terminal-door.ts';
import { WebAppDoor } from './environment/web-app-door.ts';
import { addresses } from './http/addresses.ts';
import { cookies } from './http/cookies.ts';
import type { Neighbour } from './http/proxy.ts';
import { StaticFiles } from './http/static-files.ts';
import { KeepDoor } from './keep/keep-door.ts';
import { DesktopDoor } from './rfb/desktop-door.ts';
import { Router } from './router.ts';
import { Issuer } from './session/issuer.ts';
import { createSeal } from './session/seal.ts';
import type { SessionStore } from './session/session-store.ts';
import { type Session, Sessions } from './session/sessions.ts';
import { SignInDoor } from './session/sign-in-door.ts';

/** All that a gateway needs to know and to use. */
export interface GatewayOptions {
  /** The one address people use, for example `https://lab.example.org`. */
  readonly publicURL: string;
  /** Below it every environment's web app has an origin of its own; absent: no web apps. */
  readonly appsDomain?: string;
  readonly issuer: { readonly url: string; readonly clientId: string; readonly clientSecret: string; readonly fetch: Fetch };
  /** `/graph` and `/graph/subscription`. */
  readonly relay: Neighbour;
  /** `/oidc/*`, where the embedded provider serves; absent with an issuer elsewhere. */
  readonly identity?: Neighbour;
  /** Folder of the built dashboard. */
  readonly dashboard: string;
  readonly sessions: SessionStore;
  /** At least 32 secret bytes; another key signs everybody out. */
  readonly key: Uint8Array;
  /** Asks the API as the gateway's ServiceAccount: `(user, access) => review(client, user, access)`. */
  readonly review: Review;
  readonly watched: Watched & { readonly tenants: Pick<Informer<Tenant>, 'get' | 'onChange'> };
  /** Kinds that grant rights: roles, role bindings and their cluster-wide kin. Every change is obeyed at once. */
  readonly rights: readonly { onChange(listener: (now: Granted | undefined, before: Granted | undefined) => void): () => void }[];
  readonly exec: Exec;
  /** Screens and serial consoles of machines. */
  readonly machines: OpenMachine;
  /** Makes a machine boot anew (`rebootMachine` of the client room). */
  readonly reboot: (machine: ObjectKey) => Promise<void>;
  /** Told when people use environments, so that what is in use is not cleaned up. */
  readonly uses: UseReports;
  /** Used for pods whose address cannot be reached from here. */
  readonly forward?: Forward;
  readonly clock: Clock;
  readonly log: Logger;
}

/** An object that grants rights, as far as it matters here: where. */
export interface Granted {
  readonly metadata: { readonly namespace?: string };
}

/** The one way in, for browsers. It opens no port: whoever wires it hands it requests and upgrades. */
export interface Gateway extends AsyncDisposable {
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Builds the gateway. Nothing is asked of a neighbour before the first request that needs it. */
export function createGateway(options: GatewayOptions): Gateway {
  const { clock, log, watched } = options;
  const at = addresses(options.publicURL, options.appsDomain);
  const jar = cookies(at);
  const seal = createSeal(options.key);
  const { url, clientId, clientSecret, fetch } = options.issuer;
  const issuer = new Issuer({ issuer: url, clientId, clientSecret, fetch, redirectUri: `${at.origin}/auth/callback` });
  const sessions = new Sessions({ store: options.sessions, seal, issuer, clock, log });
  const living = livingPerson(watched.tenants);
  const access = createAccess({ review: options.review, clock, log });
  const connections = new Connections({ access, sessions, living });
  const environments = new Environments(watched);
  const { uses, machines } = options;
  const dial = createDial(options.forward);
  const doors = {
    signIn: new SignInDoor({ addresses: at, cookies: jar, issuer, sessions, seal, log, living }),
    files: new StaticFiles(options.dashboard),
    apps: new WebAppDoor({
      addresses: at,
      cookies: jar,
      environments,
      sessions,
      connections,
      tickets: createTickets<Session>(clock),
      dial,
      uses,
    }),
    desktops: new DesktopDoor({ environments, connections, dial, machines, uses, clock, log }),
    terminals: new TerminalDoor({ environments, connections, exec: options.exec, machines, uses, clock, log }),
    keep: new KeepDoor({ tickets: createKeepTickets(options.key), uses, instances: watched.instances, living, clock, log }),
  };
  const stops = [...heedRights(options, access), () => environments.stop()];
  const { relay, identity, reboot } = options;
  const router = new Router({ addresses: at, cookies: jar, sessions, connections, environments, log, relay, identity, reboot, ...doors });
  return {
    request: (request, response) => router.request(request, response),
    upgrade: (request, socket, head) => router.upgrade(request, { socket, head }),
    [Symbol.asyncDispose]: async () => {
      for (const stop of stops) stop();
      doors.desktops.close();
      doors.terminals.close();
      doors.apps.close();
    },
  };
}

/** A token is up to five minutes old; the Tenant is what counts. */
function livingPerson(tenants: Pick<Informer<Tenant>, 'get'>): (person: Person) => Person | undefined {
  return (person) => {
    const tenant = tenants.get(person.name);
    if (!tenant || tenant.metadata.deletionTimestamp) return undefined;
    return withLiveGroups(person, tenant.spec.workspaces ?? []);
  };
}

function heedRights({ rights, watched }: GatewayOptions, access: Access): (() => void)[] {
  const ofRights = rights.map((kind) =>
    kind.onChange((now, before) => {
      const namespace = (now ?? before)?.metadata.namespace;
      access.changed(namespace === undefined ? {} : { namespace });
    }),
  );
  const ofTenants = watched.tenants.onChange((now, before) => {
    const person = (now ?? before)?.metadata.name;
    if (person !== undefined) access.changed({ person });
  });
  return [...ofRights, ofTenants];
}
