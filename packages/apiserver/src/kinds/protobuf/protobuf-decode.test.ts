import { expect, test } from 'vitest';
import { decodeProtobufObject } from './protobuf-decode.ts';

test('a ConfigMap as client-go sends it reads like its JSON', () => {
  const body = Buffer.from('azhzAAoPCgJ2MRIJQ29uZmlnTWFwEhYKDAoCcGJaBgoBYRIBYhIGCgFrEgF2', 'base64');
  expect(decodeProtobufObject(body)).toEqual({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'pb', labels: { a: 'b' } },
    data: { k: 'v' },
  });
});

test('options of a deletion are read too', () => {
  const body = Buffer.from('azhzAAoTCgJ2MRINRGVsZXRlT3B0aW9ucxIOCAAiCkJhY2tncm91bmQ=', 'base64');
  expect(decodeProtobufObject(body)).toEqual({
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    gracePeriodSeconds: 0,
    propagationPolicy: 'Background',
  });
});

test('what is no envelope, or breaks off, is refused', () => {
  expect(() => decodeProtobufObject(Buffer.from('{"kind":"ConfigMap"}'))).toThrow('no well-formed protobuf message');
  expect(() => decodeProtobufObject(Buffer.from('azhzAGdhcmJhZ2U=', 'base64'))).toThrow('no well-formed protobuf message');
});
