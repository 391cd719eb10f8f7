import { expect, test } from 'vitest';
import { type Instance, readInstance } from './instance.ts';
import { appointment, explanation, importOf, isConnectable, mayComeEarly, stageOf, waitingSince } from './progress.ts';
import { bytesText, quantityNumber } from './quantity.ts';
import { costOf, hardwareOf, shortages, usageOf } from './quota.ts';
import { readPublicKey } from './ssh-key.ts';
import { readTemplate, waysIn } from './template.ts';

const desktop = readTemplate({
  metadata: { name: 'desktop', namespace: 'workspace-net' },
  spec: {
    prettyName: 'Desktop',
    environmentList: [
      {
        name: 'desktop',
        environmentType: 'Container',
        guiEnabled: true,
        persistent: true,
        resources: { cpu: 2, memory: '2Gi', disk: '5Gi' },
      },
    ],
  },
});

function instance(change: { running?: boolean; phase?: string; conditions?: object[]; environments?: object[] } = {}): Instance {
  return readInstance({
    metadata: { name: 'i1', namespace: 'tenant-ada', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { running: change.running ?? true, templateCrownlabsPolitoItTemplateRef: { name: 'desktop', namespace: 'workspace-net' } },
    status: { phase: change.phase ?? 'Ready', conditions: change.conditions ?? [], environments: change.environments ?? [] },
  });
}

test('a stage says what was asked for before the phase has followed', () => {
  expect(stageOf(instance({ phase: '_EMPTY_' }))).toBe('waiting');
  expect(stageOf(instance({ running: false, phase: 'Ready' }))).toBe('stopping');
  expect(stageOf(instance({ running: false, phase: 'Off' }))).toBe('off');
  expect(stageOf(instance({ running: true, phase: 'Off' }))).toBe('waiting');
  expect(stageOf(instance({ phase: 'CreationLoopBackoff' }))).toBe('failed');
  const conditions = [{ type: 'Ready', status: 'False', reason: 'DiskImportFailed', message: 'No such image.' }];
  expect(stageOf(instance({ phase: '_EMPTY_', conditions }))).toBe('failed');
  expect(stageOf(instance({ phase: '_EMPTY_', conditions, running: false }))).toBe('stopping');
});

test('a desktop may be opened before everything is ready, but never while it stops', () => {
  const conditions = [{ type: 'Connectable', status: 'True', reason: 'Banner', message: '' }];
  expect(isConnectable(instance({ phase: 'Starting', conditions }))).toBe(true);
  expect(isConnectable(instance({ phase: 'Starting' }))).toBe(false);
  expect(isConnectable(instance({ running: false, phase: 'Ready', conditions }))).toBe(false);
});

test('a disk on its way is told in bytes and minutes, and nobody enters before it is there', () => {
  const since = Date.parse('2026-01-01T00:00:00Z');
  const importing = { progress: '25.0%', size: '20G', since: '2026-01-01T00:00:00Z' };
  const waiting = instance({ phase: 'Starting', environments: [{ name: 'vm', phase: 'Importing', importing }] });
  expect(importOf(waiting, since + 60_000)).toEqual({ percent: 25, done: 5e9, bytes: 20e9, minutesLeft: 3 });
  expect(mayComeEarly(waiting)).toBe(false);
  const booting = instance({ phase: 'Running', environments: [{ name: 'vm', phase: 'Running' }] });
  expect(importOf(booting, since)).toBeUndefined();
  expect(mayComeEarly(booting)).toBe(true);
});

test('the reason that is told is the one of Ready', () => {
  const conditions = [
    { type: 'Scheduled', status: 'False', reason: 'NoMemory', message: 'not enough memory' },
    { type: 'Ready', status: 'False', reason: 'Pulling', message: 'Getting the image.', lastTransitionTime: '2026-01-01T00:00:09Z' },
  ];
  const starting = instance({ phase: 'Starting', conditions });
  expect(explanation(starting)?.message).toBe('Getting the image.');
  expect(waitingSince(starting, undefined)).toBe(Date.parse('2026-01-01T00:00:09Z'));
  expect(waitingSince(starting, 5)).toBe(5);
});

test('what is in use counts running instances in full and stopped ones by their disks', () => {
  const used = usageOf([instance(), instance({ running: false, phase: 'Off' })], [desktop]);
  expect(used).toEqual({ cpu: 2, memory: 2 * 2 ** 30, disk: 10 * 2 ** 30, instances: 1 });
  const kept = instance({
    running: false,
    phase: 'Off',
    conditions: [{ type: 'KeptInMemory', status: 'True', reason: 'StoppedRecently', message: 'Kept.' }],
  });
  expect(usageOf([kept], [desktop])).toMatchObject({ cpu: 2, instances: 1 });
});

test('a machine has the cores and memory that its guest sees, and takes what its emulator needs as well', () => {
  const environments = desktop.environments.map((it) => ({ ...it, type: 'VirtualMachine' as const, cpu: 1, memory: 2e9 }));
  const machine = { ...desktop, environments };
  expect(hardwareOf(machine)).toMatchObject({ cpu: 1, memory: 2e9 });
  expect(costOf(machine)).toMatchObject({ cpu: 1.5, memory: 2.5e9 });
});

test('a quota names everything that would not fit, and nothing that is not limited', () => {
  const quota = { cpu: 3, memory: 8e9, disk: 0, instances: 1 };
  const lacking = shortages(quota, usageOf([instance()], [desktop]), costOf(desktop));
  expect(lacking).toEqual([
    { aspect: 'instances', needed: 1, free: 0, limit: 1 },
    { aspect: 'cpu', needed: 2, free: 1, limit: 3 },
  ]);
  expect(shortages({ ...quota, cpu: 2, instances: 3 }, { cpu: 0, memory: 0, disk: 0, instances: 0 }, costOf(desktop))).toEqual([]);
});

test('quantities are read in both notations', () => {
  expect([quantityNumber('500m'), quantityNumber(2), quantityNumber('4Gi'), quantityNumber('20G'), quantityNumber('rubbish')]).toEqual([
    0.5,
    2,
    4 * 2 ** 30,
    20e9,
    0,
  ]);
  expect(bytesText(8.5e9, 'en')).toBe('8.5 GB');
});

test('the ways into an environment follow from what it is', () => {
  expect(waysIn({ type: 'Container', gui: true })).toEqual(['desktop', 'terminal']);
  expect(waysIn({ type: 'Standalone', gui: true })).toEqual(['web', 'terminal']);
  expect(waysIn({ type: 'Container', gui: false })).toEqual(['terminal']);
  expect(waysIn({ type: 'VirtualMachine', gui: true })).toEqual(['desktop', 'console', 'screen']);
  expect(waysIn({ type: 'CloudVM', gui: false })).toEqual(['console', 'screen']);
});

test('a public key is checked before it is sent', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGmCqmkUmyYdWcsR8bHXbbHy7PEXTk2YzqGvYbXG3EvR ada@home';
  expect(readPublicKey(key)).toMatchObject({ ok: true, type: 'ssh-ed25519', comment: 'ada@home' });
  expect(readPublicKey('-----BEGIN OPENSSH PRIVATE KEY-----')).toEqual({ ok: false, problem: 'private' });
  expect(readPublicKey('ssh-ed25519 AAAA')).toEqual({ ok: false, problem: 'broken' });
  expect(readPublicKey('ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIGmCqmkUmyYdWcsR8bHXbbHy7PEXTk2YzqGvYbXG3EvR')).toEqual({
    ok: false,
    problem: 'broken',
  });
  expect(readPublicKey('dsa x')).toEqual({ ok: false, problem: 'unknownType' });
});

test('what will happen by itself is told with its time, the first of all that is announced', () => {
  const stop = {
    type: 'StopScheduled',
    status: 'True',
    reason: 'Unused',
    message: 'Nobody has used it since 2026-01-01T16:40:00Z. It is stopped at 2026-01-01T18:40:00Z unless it is used; its disk is kept.',
  };
  const expires = { type: 'Expires', status: 'True', reason: 'TimeLimit', message: 'It is deleted at 2026-01-09T00:00:00Z, because …' };
  expect(appointment(instance({ conditions: [expires, stop] }))).toEqual({ what: 'stop', at: '2026-01-01T18:40:00Z' });
  expect(appointment(instance({ conditions: [expires, { ...stop, reason: 'UnusedWithoutDisk' }] }))?.what).toBe('deleteUnused');
  expect(appointment(instance({ conditions: [expires] }))).toEqual({ what: 'expire', at: '2026-01-09T00:00:00Z' });
  expect(appointment(instance())).toBeUndefined();
});
