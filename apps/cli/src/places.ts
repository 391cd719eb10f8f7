import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The root of the clone. */
export const ROOT = resolve(fileURLToPath(import.meta.url), '../../../..');

/** Where an installation keeps its things. One data directory is one installation. */
export interface Places {
  readonly dataDir: string;
  /** What is only true while it runs: who runs it, where it listens. */
  readonly state: string;
  /** The configuration with everything decided, as `up` hands it to the programs. Its path on their command lines marks them as ours. */
  readonly resolved: string;
  readonly logs: string;
  readonly config: string;
  readonly adminKubeconfig: string;
}

/** The places of the data directory given, of `CROWNLABS_DATA_DIR`, or of `.crownlabs` in the clone. */
export function placesOf(dataDir: string | undefined): Places {
  const dir = resolve(dataDir ?? process.env['CROWNLABS_DATA_DIR'] ?? join(ROOT, '.crownlabs'));
  return {
    dataDir: dir,
    state: join(dir, 'run', 'up.json'),
    resolved: join(dir, 'run', 'config.json'),
    logs: join(dir, 'logs'),
    config: join(dir, 'config.yaml'),
    adminKubeconfig: join(dir, 'admin.kubeconfig'),
  };
}
