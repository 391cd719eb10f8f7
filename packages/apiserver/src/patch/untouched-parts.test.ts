import { expect, test } from 'vitest';
import { copyWithout, joinParts, untouchedParts } from './untouched-parts.ts';

const live = () => ({ kind: 'Pod', apiVersion: 'v1', metadata: { name: 'a' }, spec: { nodeName: 'n' }, status: { phase: 'Running' } });

test('a patch of the status leaves the other parts where they are, shared and in their order', () => {
  const object = live();
  const parts = untouchedParts(object, { metadata: { labels: { a: 'b' } }, status: { phase: 'Failed' } });
  expect(parts).toEqual({ spec: { nodeName: 'n' } });
  const copy = copyWithout(parts ?? {}, object);
  expect(copy).toEqual({ kind: 'Pod', apiVersion: 'v1', metadata: { name: 'a' }, status: { phase: 'Running' } });
  expect(copy['status']).not.toBe(object.status);
  const whole = joinParts(parts ?? {}, { ...copy, status: { phase: 'Failed' } }, object);
  expect(Object.keys(whole)).toEqual(Object.keys(object));
  expect(whole['spec']).toBe(object.spec);
});

test('what a patch removed stays away, and what it added is there', () => {
  const object = live();
  const { status: _, ...without } = object;
  expect(joinParts({ spec: object.spec }, without, object)).not.toHaveProperty('status');
  expect(joinParts({ spec: object.spec }, { ...without, more: 1 }, object)).toMatchObject({ more: 1 });
});

test('a patch that says anything of another part is a patch of the whole', () => {
  expect(untouchedParts(live(), { status: {}, spec: { nodeName: 'm' } })).toBeUndefined();
});
