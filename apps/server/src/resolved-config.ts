import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { Config } from './config.ts';

/** The root of the clone: images, the dashboard's build. */
export const ROOT = resolve(import.meta.dirname, '../../..');

/** The configuration with everything decided, as `up` hands it to both programs. */
const Resolved = Config.extend({
  publicURL: z.url(),
  port: z.int(),
  apiPort: z.int(),
  edgeUser: z.object({ uid: z.int(), gid: z.int() }).optional(),
});
export type Resolved = z.infer<typeof Resolved>;

/** Reads what `up` has decided. */
export function readResolved(path: string): Resolved {
  return Resolved.parse(JSON.parse(readFileSync(path, 'utf8')));
}

/** Where the two programs keep and find things below the data directory. */
export function placesBelow(dataDir: string) {
  return {
    log: join(dataDir, 'log'),
    pki: join(dataDir, 'pki'),
    adminKubeconfig: join(dataDir, 'admin.kubeconfig'),
    grants: join(dataDir, 'identity', 'grants.db'),
    signIns: join(dataDir, 'sign-ins'),
    engine: join(dataDir, 'engine'),
    /** The installation whose environments may be on the machine, for who finds them when nothing runs. */
    environments: join(dataDir, 'run', 'environments'),
    pods: join(dataDir, 'pods'),
    packages: join(dataDir, 'packages'),
    socket: join(dataDir, 'run', 'control.sock'),
    edge: {
      folder: join(dataDir, 'edge'),
      token: join(dataDir, 'edge', 'token'),
      clientSecret: join(dataDir, 'edge', 'client-secret'),
      sessionKey: join(dataDir, 'edge', 'session-key'),
      sessions: join(dataDir, 'edge', 'sessions.db'),
      ca: join(dataDir, 'edge', 'ca.crt'),
    },
  } as const;
}

/** Origins of environments' web apps: below the configured name, or `apps.localhost` for a product on loopback. */
export function appsDomainOf(config: Resolved): string | undefined {
  if (config.appsDomain) return config.appsDomain;
  const { hostname } = new URL(config.publicURL);
  return hostname === 'localhost' ? 'apps.localhost' : undefined;
}

/** The file that whoever builds images on this machine locks. Only root can build for all; others have an engine of their own. */
export function imageLock(dataDir: string): string {
  return process.getuid?.() === 0 ? '/run/crownlabs/image-builds.lock' : join(dataDir, 'run', 'image-builds.lock');
}
