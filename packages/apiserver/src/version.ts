import { KUBERNETES_VERSION } from './kinds/index.ts';
import type { PathTable } from './paths.ts';
import { jsonAnswer } from './verbs/answer.ts';

/** Which Kubernetes version the API is that of, as `/version` says it. */
export function serverVersion() {
  const [major = '1', minor = '0'] = KUBERNETES_VERSION.split('.');
  return {
    major,
    minor,
    emulationMajor: major,
    emulationMinor: minor,
    minCompatibilityMajor: major,
    minCompatibilityMinor: String(Number(minor) - 1),
    gitVersion: `v${KUBERNETES_VERSION}`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: 'none',
    compiler: `node ${process.version}`,
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
}

/** Registers `/version`. */
export function addVersion(table: PathTable): void {
  table.add('/version', () => jsonAnswer(200, serverVersion()));
}
