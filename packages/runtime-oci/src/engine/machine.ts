import { access, readFile } from 'node:fs/promises';

/** What of this machine decides how an engine must be set up. */
export interface Machine {
  readonly root: boolean;
  /** systemd runs as the first process. */
  readonly systemd: boolean;
  /** The old and the new control-group trees are both in use: crun refuses that. */
  readonly mixedCgroups: boolean;
  readonly runtimes: readonly string[];
  readonly missingPrograms: readonly string[];
}

const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

async function present(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Whether a program of that name is installed. */
export async function installed(program: string): Promise<boolean> {
  const found = await Promise.all(FOLDERS.map((folder) => present(`${folder}/${program}`)));
  return found.includes(true);
}

async function which(programs: readonly string[], wanted: boolean): Promise<readonly string[]> {
  const answers = await Promise.all(programs.map(installed));
  return programs.filter((_, n) => answers[n] === wanted);
}

/** Looks at the machine; runs nothing. */
export async function lookAtMachine(): Promise<Machine> {
  const [systemd, cgroups, mounts, runtimes, missingPrograms] = await Promise.all([
    present('/run/systemd/system'),
    readFile('/proc/self/cgroup', 'utf8').catch(() => ''),
    readFile('/proc/self/mounts', 'utf8').catch(() => ''),
    which(['crun', 'runc'], true),
    which(['ip', 'nft', 'nsenter', 'sysctl'], false),
  ]);
  const oldTree = /^[1-9]\d*:[^:=]*[a-z]/m.test(cgroups.replaceAll(/^\d+:name=.*$/gm, ''));
  return { root: process.getuid?.() === 0, systemd, mixedCgroups: oldTree && / cgroup2 /.test(mounts), runtimes, missingPrograms };
}
