import type { JsonObject } from '../json.ts';
import { encodeProtobufBody, sealProtobufBody } from '../kinds/index.ts';
import { printJson } from './json-print.ts';
import { type Accepted, PROTOBUF } from './negotiate.ts';
import { printYaml } from './yaml.ts';

/** A document that ends with a list which is too long to be written at one go. */
export interface LongDocument {
  /** All that comes before the list; its kind and version among it. */
  readonly head: JsonObject & { readonly kind: string; readonly apiVersion: string };
  /** The field of the list. */
  readonly list: 'items' | 'rows';
}

/** Writes such a document: what comes first, then some items at a time, then all of it put together. */
export interface PieceWriter {
  readonly type: string;
  readonly begin: Uint8Array;
  piece(items: readonly JsonObject[], first: boolean): Uint8Array;
  whole(pieces: readonly Uint8Array[]): readonly Uint8Array[];
}

/** The writer of a format. The bytes are those that the document would have if it were written at once. */
export function pieceWriter(format: Accepted['format'], document: LongDocument): PieceWriter {
  return { json, yaml, protobuf }[format](document);
}

function json({ head, list }: LongDocument): PieceWriter {
  return {
    type: 'application/json',
    begin: Buffer.from(`${printJson(head).slice(0, -1)},"${list}":[`),
    piece: (items, first) => Buffer.from(`${first ? '' : ','}${items.map(printJson).join(',')}`),
    whole: (pieces) => [...pieces, Buffer.from(']}')],
  };
}

function yaml({ head, list }: LongDocument): PieceWriter {
  const begin = `${list}:\n`;
  // Fields are in the order of their names, so the list stands among them.
  const fields = (chosen: (key: string) => boolean) => {
    const some = Object.fromEntries(Object.entries(head).filter(([key]) => chosen(key)));
    return Object.keys(some).length === 0 ? '' : printYaml(some);
  };
  return {
    type: 'application/yaml',
    begin: Buffer.from(fields((key) => key < list) + begin),
    piece: (items) => Buffer.from(printYaml({ [list]: [...items] }).slice(begin.length)),
    whole: (pieces) => [...pieces, Buffer.from(fields((key) => key > list))],
  };
}

/** Fields that come again add to what came before, so pieces of a message are messages. */
function protobuf({ head, list }: LongDocument): PieceWriter {
  const { kind, apiVersion } = head;
  return {
    type: PROTOBUF,
    begin: encodeProtobufBody(head),
    piece: (items) => encodeProtobufBody({ kind, apiVersion, [list]: [...items] }),
    whole: (pieces) => [sealProtobufBody({ kind, apiVersion }, Buffer.concat(pieces))],
  };
}
