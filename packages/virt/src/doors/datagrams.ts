import { Duplex } from 'node:stream';

/** Bytes before each datagram on a stream of bytes: how long it is. */
const HEADER = 2;
/** What a datagram can hold: https://www.rfc-editor.org/rfc/rfc768. What is longer is lost, as it would be on a network. */
const LONGEST = 65_507;

/**
 * Datagrams over a stream of bytes, with the length before each (`datagrams` in images/vm-launcher is the other end). What is written at once, and
 * what is read at once, is one datagram.
 */
export function datagramsOver(stream: Duplex): Duplex {
  let rest: Buffer = Buffer.alloc(0);
  const datagrams = new Duplex({
    // A datagram that is read with its neighbour would be none.
    readableObjectMode: true,
    read: () => void stream.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      if (chunk.length === 0 || chunk.length > LONGEST) done();
      else stream.write(Buffer.concat([lengthOf(chunk), chunk]), done);
    },
    final: (done) => void stream.end(done),
    destroy: (error, done) => {
      stream.destroy();
      done(error);
    },
  });
  stream.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER && rest.length >= HEADER + rest.readUInt16BE(0)) {
      const end = HEADER + rest.readUInt16BE(0);
      if (!datagrams.push(rest.subarray(HEADER, end))) stream.pause();
      rest = rest.subarray(end);
    }
  });
  stream.once('end', () => datagrams.push(null));
  stream.once('error', (error) => datagrams.destroy(error));
  stream.once('close', () => datagrams.destroy());
  return datagrams;
}

function lengthOf({ length }: Buffer): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(length);
  return header;
}
