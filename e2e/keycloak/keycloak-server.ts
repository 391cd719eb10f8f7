import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeAuthority, sign } from '@crownlabs/certificates';
import { ROOT, run } from '../program.ts';

const VERSION = '26.2.4';
const ARTIFACT = `org.keycloak:keycloak-quarkus-dist:${VERSION}:zip`;
const CACHE = join(ROOT, 'node_modules/.cache/keycloak');

/** A Keycloak in development mode, with a database in memory. */
export interface KeycloakServer extends AsyncDisposable {
  /** Plain, on loopback: for us. */
  readonly url: string;
  /** What tokens say: over TLS, as an API wants issuers. */
  readonly publicUrl: string;
  readonly caFile: string;
  readonly clientId: string;
  readonly secret: string;
  kill(): Promise<void>;
}

/** The distribution, from its Maven artifact; or why there is none. */
export async function keycloakHome(): Promise<{ home: string } | { missing: string }> {
  const home = join(CACHE, `keycloak-${VERSION}`);
  if (existsSync(join(home, 'bin/kc.sh'))) return { home };
  if ((await run('java', ['-version']).catch(() => ({ code: 1 }))).code !== 0) return { missing: 'there is no Java on this machine' };
  const zip = join(homedir(), `.m2/repository/org/keycloak/keycloak-quarkus-dist/${VERSION}/keycloak-quarkus-dist-${VERSION}.zip`);
  if (!existsSync(zip)) {
    const args = ['-q', '-B', 'org.apache.maven.plugins:maven-dependency-plugin:3.6.0:get', `-Dartifact=${ARTIFACT}`, '-Dtransitive=false'];
    const got = await run('mvn', args, { timeoutMs: 300_000 }).catch(() => ({ code: 1 }));
    if (got.code !== 0 || !existsSync(zip)) return { missing: `Maven does not bring ${ARTIFACT}` };
  }
  mkdirSync(CACHE, { recursive: true });
  const unpacked = await run('unzip', ['-q', '-o', zip, '-d', CACHE]).catch(() => ({ code: 1 }));
  return unpacked.code === 0 ? { home } : { missing: 'unzip does not unpack the distribution' };
}

/** Starts it on free ports; ready when it answers. */
export async function startKeycloak(home: string): Promise<KeycloakServer> {
  const folder = mkdtempSync(join(tmpdir(), 'keycloak-'));
  const authority = await makeAuthority(Date.now());
  const leaf = await sign(authority, { subject: 'CN=localhost', usage: 'server', names: ['localhost', '127.0.0.1'], now: Date.now() });
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const publicUrl = `https://localhost:${port + 1}`;
  const secret = 'a-secret-of-the-test';
  const args = [
    'start-dev',
    `--http-port=${port}`,
    `--https-port=${port + 1}`,
    `--https-certificate-file=${file('tls.crt', leaf.cert)}`,
    `--https-certificate-key-file=${file('tls.key', leaf.key)}`,
    `--hostname=${publicUrl}`,
    '--hostname-backchannel-dynamic=true',
    '--http-management-port=' + (port + 2),
  ];
  const env = {
    ...process.env,
    KC_BOOTSTRAP_ADMIN_CLIENT_ID: 'crownlabs-operators',
    KC_BOOTSTRAP_ADMIN_CLIENT_SECRET: secret,
    KC_DB: 'dev-mem',
    JAVA_OPTS_KC_HEAP: '-Xms128m -Xmx512m',
    // It lives for a minute: what a compiler does best would come too late.
    JAVA_OPTS_APPEND: '-XX:TieredStopAtLevel=1',
  };
  const child = spawn(join(home, 'bin/kc.sh'), args, { stdio: ['ignore', 'pipe', 'pipe'], env, detached: true });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => void (said += chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    if (
      await fetch(`${url}/realms/master`).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      break;
    if (tries > 900 || child.exitCode !== null) throw new Error(`Keycloak did not start:\n${said.slice(-3_000)}`);
    await sleep(200);
  }
  const kill = () => end(child);
  const dispose = async () => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    url,
    publicUrl,
    caFile: file('ca.crt', authority.cert),
    clientId: 'crownlabs-operators',
    secret,
    kill,
    [Symbol.asyncDispose]: dispose,
  };
}

/** The script and the Java that it starts are one process group. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, 'SIGKILL');
  await ended;
}
