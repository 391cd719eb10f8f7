import { type Duplex, duplexPair } from 'node:stream';
import { LabError } from '@crownlabs/std';
import { expect, onTestFinished, test } from 'vitest';
import type { Guest } from '../kinds/kinds.ts';
import { hear } from './hear.ts';
import type { Heard } from './heard.ts';
import { observeGuest } from './status.ts';

const POD = { name: 'virt-launcher-vm', namespace: 'tenant-ada' };
const QUESTION = ['answers', 'tcp', '22'];

const guest: Guest = {
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachineInstance',
  metadata: { name: 'vm', namespace: 'tenant-ada', uid: 'aaaabbbb' },
  spec: { domain: { devices: {} } },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
};
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: POD,
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
};

/** An emulator that is listened to, with an agent in its guest that says what it is told to. */
function listened(told: Readonly<Record<string, unknown>> = {}) {
  const state = { answers: false, ready: true, asked: 0, heard: { paused: false, reboots: [] } as Heard };
  const lines: Duplex[] = [];
  const answerTo = (line: string): unknown => {
    // The parse border: what we wrote.
    const { execute, arguments: words } = JSON.parse(line) as { execute: string; arguments: { id?: number } };
    return execute === 'guest-sync' ? words.id : (told[execute] ?? {});
  };
  const open = async (_pod: unknown, _container: string, command: readonly string[]) => {
    const [near, far] = duplexPair();
    if (command.join(' ').includes('events')) lines.push(far);
    far.on('data', (chunk: Buffer) => {
      const questions = chunk.toString().split('\n').filter(Boolean);
      for (const line of questions) far.write(`${JSON.stringify({ return: answerTo(line) })}\n`);
    });
    return near;
  };
  const run = async (_pod: unknown, _container: string, command: readonly string[]) => {
    expect(command).toEqual(QUESTION);
    state.asked++;
    if (!state.answers) throw new LabError('InternalError', 'it ended with code 1');
    return '';
  };
  const ended = new AbortController();
  onTestFinished(() => ended.abort());
  const clock = { now: () => 0, sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms / 1000)) };
  const tools = { shell: { open, run }, clock, signal: ended.signal };
  const one = { ...POD, goesOn: false, question: QUESTION, countsAsReady: () => state.ready };
  hear(tools, one, (change) => void (state.heard = change(state.heard))).catch(() => undefined);
  const say = (event: string, data: object) => lines[0]?.write(`${JSON.stringify({ event, data })}\n`);
  const shown = (type: string) => {
    const { heard } = state;
    const status = observeGuest({ guest, pod, waitsFor: undefined, acceleration: 'tcg', heard, now: 0 });
    return { ...status.conditions?.find((it) => it.type === type), guestOSInfo: status.guestOSInfo };
  };
  return { state, say, shown, began: () => expect.poll(() => state.heard.accelerated).toBe(false) };
}

test('a machine that is reset is not ready until its guest answers anew, whatever the node saw before', async () => {
  const { state, say, shown, began } = listened({ 'query-kvm': { enabled: false } });
  await began();
  expect(shown('Ready')).toMatchObject({ status: 'True' });
  say('RESET', { guest: false });
  await expect.poll(() => shown('Ready')).toMatchObject({ status: 'False', reason: 'GuestNotReady', message: 'The machine boots anew.' });
  await expect.poll(() => state.asked).toBeGreaterThan(2);
  expect(shown('Ready')).toMatchObject({ status: 'False' });
  expect(state.heard.reboots).toEqual([]);
  state.answers = true;
  await expect.poll(() => shown('Ready')).toMatchObject({ status: 'True' });
});

test('a machine whose probe has found out that it boots is asked by nobody else', async () => {
  const { state, say, began } = listened({ 'query-kvm': { enabled: false } });
  await began();
  say('RESET', { guest: true });
  await expect.poll(() => state.asked).toBeGreaterThan(1);
  state.ready = false;
  await expect.poll(() => state.heard.bootsAnew).toBe(false);
  const { asked } = state;
  say('RESET', { guest: true });
  await expect.poll(() => state.heard.reboots).toHaveLength(2);
  expect(state.asked).toBe(asked);
});

test('what the agent in a guest says of its system is shown in the words of KubeVirt, for as long as it is there', async () => {
  const { say, shown } = listened({
    'query-kvm': { enabled: false },
    'query-chardev': [{ label: 'agent', 'frontend-open': true, filename: 'unix:' }],
    'guest-info': { version: '7.2.22' },
    'guest-get-osinfo': { id: 'debian', 'pretty-name': 'Debian GNU/Linux 12', 'kernel-release': '6.1.0', 'version-id': 12, other: 'x' },
  });
  await expect
    .poll(() => shown('AgentConnected'))
    .toMatchObject({
      status: 'True',
      message: expect.stringContaining('7.2.22'),
      guestOSInfo: { id: 'debian', prettyName: 'Debian GNU/Linux 12', kernelRelease: '6.1.0' },
    });
  say('VSERPORT_CHANGE', { id: 'agent', open: false });
  await expect.poll(() => shown('AgentConnected').status).toBeUndefined();
  say('VSERPORT_CHANGE', { id: 'agent', open: true });
  await expect.poll(() => shown('AgentConnected').status).toBe('True');
});
