import { expect, test } from 'vitest';
import { KeyedList } from './keyed-list.ts';

interface Item {
  readonly name: string;
  readonly on: boolean;
}

const put = (name: string, on = true) => ({ type: 'put' as const, item: { name, on } });
const gone = (name: string) => ({ type: 'gone' as const, item: { name, on: true } });
const ALL = { type: 'all' as const };

function listOf(...names: string[]): KeyedList<Item> {
  const list = new KeyedList<Item>((item) => item.name);
  for (const name of names) list.receive(put(name));
  list.receive(ALL);
  return list;
}

test('a list is complete once all of it was told', () => {
  const list = new KeyedList<Item>((item) => item.name);
  list.receive(put('a'));
  expect(list.complete).toBe(false);
  list.receive(ALL);
  expect(list.complete).toBe(true);
  expect(list.items()).toEqual([{ name: 'a', on: true }]);
});

test('after a reconnection the old items stay until the new list is complete', () => {
  const list = listOf('a', 'b');
  list.begin();
  list.receive(put('b'));
  expect(list.items().map(({ name }) => name)).toEqual(['a', 'b']);
  list.receive(ALL);
  expect(list.items().map(({ name }) => name)).toEqual(['b']);
});

test('a pretended change is shown at once and ends when the server says the same', () => {
  const list = listOf('a');
  list.pretend({ key: 'a', change: (item) => item && { ...item, on: false }, settled: (item) => item?.on === false });
  expect(list.items()).toEqual([{ name: 'a', on: false }]);
  list.receive(put('a', true));
  expect(list.items()).toEqual([{ name: 'a', on: false }]);
  list.receive(put('a', false));
  list.receive(put('a', true));
  expect(list.items()).toEqual([{ name: 'a', on: true }]);
});

test('a pretended change that fails is taken back', () => {
  const list = listOf('a');
  const undo = list.pretend({ key: 'a', change: () => undefined, settled: (item) => item === undefined });
  expect(list.items()).toEqual([]);
  undo();
  expect(list.items()).toEqual([{ name: 'a', on: true }]);
});

test('a pretended item gives way to the real one', () => {
  const list = listOf();
  list.pretend({ key: 'new', change: (item) => item ?? { name: 'new', on: false }, settled: (item) => item !== undefined });
  expect(list.items()).toEqual([{ name: 'new', on: false }]);
  list.receive(put('new'));
  expect(list.items()).toEqual([{ name: 'new', on: true }]);
  list.receive(gone('new'));
  expect(list.items()).toEqual([]);
});
