import { expect, test } from 'vitest';
import type { JsonObject } from '../json.ts';
import { encodeProtobufObject } from '../kinds/index.ts';
import { encodeJson } from './json-print.ts';
import { pieceWriter } from './pieces.ts';
import { printYaml } from './yaml.ts';

const items: JsonObject[] = ['a', 'b', 'c'].map((name) => ({
  metadata: { name, labels: { text: `yes: "${name}"\n- no` } },
  data: { n: '07' },
}));
const head = { kind: 'ConfigMapList', apiVersion: 'v1', metadata: { resourceVersion: '7' } };

test.for([
  ['json', (value: JsonObject) => encodeJson(value)],
  ['yaml', (value: JsonObject) => Buffer.from(printYaml(value))],
  ['protobuf', (value: JsonObject) => encodeProtobufObject(value)],
] as const)('a list in %s that is written in pieces is the list that is written at once', ([format, atOnce]) => {
  const writer = pieceWriter(format, { head, list: 'items' });
  const pieces = [writer.begin, writer.piece(items.slice(0, 2), true), writer.piece(items.slice(2), false)];
  expect(Buffer.concat(writer.whole(pieces)).toString('latin1')).toBe(Buffer.from(atOnce({ ...head, items })).toString('latin1'));
});
