/**
 * From the command to the desktop, beside the bare engine with the same image, in one run: `node bench/first-light.ts`.
 * Needs root, Chromium, and the desktop image (an `up` that ran once).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Dockerode from 'dockerode';
import type { Page } from 'playwright-core';
import { openBrowser, signIn } from '../e2e/browser.ts';
import { Installation } from '../e2e/installation.ts';
import { kubectl } from '../e2e/kubectl.ts';
import { RfbEye } from './rfb-eye.ts';

const ROUNDS = 4;

interface Start {
  readonly frame: number;
  readonly painted: number;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const ms = (value: number) => `${Math.round(value)} ms`;

async function startInBrowser(page: Page, lab: Installation): Promise<Start> {
  await page.goto(`${lab.url}/`);
  await page.locator('[data-template=desktop] [data-testid=start]:enabled').waitFor({ timeout: 600_000 });
  return page.evaluate<Start>('startAndConnect()');
}

async function inBrowser(page: Page, lab: Installation): Promise<Start> {
  const start = await startInBrowser(page, lab);
  await kubectl(lab, ['delete', 'instances', '-n', 'tenant-student', '--all', '--wait']);
  // A person does not start the next one while the last one is being cleared away.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  return start;
}

/** The same image on the same engine with nothing of ours: create, start, and look. */
async function onBareEngine(docker: Dockerode): Promise<Start & { banner: number }> {
  const started = performance.now();
  const container = await docker.createContainer({
    Image: 'localhost/crownlabs/desktop:1',
    User: '1010:1010',
    HostConfig: { NetworkMode: 'host', CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'], Memory: 2e9, NanoCpus: 2e9 },
  });
  try {
    await container.start();
    const eye = await RfbEye.open('127.0.0.1', 5900);
    const banner = performance.now() - started;
    await eye.firstFrame();
    const frame = performance.now() - started;
    await eye.panelDrawn();
    const painted = performance.now() - started;
    eye.close();
    return { banner, frame, painted };
  } finally {
    await container.remove({ force: true });
  }
}

/** Resident memory in MB and CPU in percent of a core, over `seconds`. */
async function use(pid: number, seconds: number): Promise<{ memory: number; cpu: number }> {
  const ticks = async () => {
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = await ticks();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const memory = Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  return { memory, cpu: (await ticks()) - before > 0 ? ((await ticks()) - before) / seconds : 0 };
}

async function secondsToSignIn(lab: Installation): Promise<number> {
  const started = performance.now();
  const up = lab.up();
  for (;;) {
    const status = await fetch(`${lab.url}/oidc/.well-known/openid-configuration`)
      .then(({ status: code }) => code)
      .catch(() => 0);
    if (status === 200) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const seconds = (performance.now() - started) / 1000;
  await up;
  return seconds;
}

await using lab = await Installation.start();
await kubectl(lab, ['wait', 'imagebuild', '--all', '--for=jsonpath={.status.phase}=Ready', '--timeout=900s']);
await lab.down();
const signInSeconds = await secondsToSignIn(lab);
console.log(`up (second start) to sign-in page      ${signInSeconds.toFixed(2)} s   (budget 2 s)`);
const pids = await lab.pids();
await new Promise((resolve) => setTimeout(resolve, 8_000));
for (const name of ['control', 'edge'] as const) {
  const { memory, cpu } = await use(pids[name], 10);
  console.log(
    `${name.padEnd(8)} idle                         ${Math.round(memory)} MB, ${cpu.toFixed(1)} % of a core${name === 'control' ? '   (budget 180 MB, 1 %)' : ''}`,
  );
}
const docker = new Dockerode({ socketPath: join(lab.dataDir, 'engine/podman.sock') });
const browser = await openBrowser();
const { page } = await signIn(browser, lab, 'student');
await page.addInitScript({ path: join(import.meta.dirname, 'first-light.page.js') });
const ours: Start[] = [];
const bare: (Start & { banner: number })[] = [];
for (let round = 0; round < ROUNDS; round++) {
  ours.push(await inBrowser(page, lab));
  bare.push(await onBareEngine(docker));
}
const painted = { ours: median(ours.map((one) => one.painted)), bare: median(bare.map((one) => one.painted)) };
console.log(
  `Start click to first frame, in browser ${ms(median(ours.map(({ frame }) => frame)))}   (budget 600 ms; bare engine: banner ${ms(median(bare.map(({ banner }) => banner)))}, first frame ${ms(median(bare.map(({ frame }) => frame)))})`,
);
console.log(
  `Start click to painted desktop         ${ms(painted.ours)}   (bare engine ${ms(painted.bare)}; difference ${ms(painted.ours - painted.bare)}, budget 400 ms; ratio ${(painted.ours / painted.bare).toFixed(2)})`,
);
await startInBrowser(page, lab);
for (const name of ['control', 'edge'] as const) {
  const { memory, cpu } = await use(pids[name], 10);
  console.log(`${name.padEnd(8)} with an open desktop         ${Math.round(memory)} MB, ${cpu.toFixed(1)} % of a core`);
}
await browser.close();
