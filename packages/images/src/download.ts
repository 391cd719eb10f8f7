import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Clock, LabError, messageOf } from '@crownlabs/std';

/** What is fetched, and where it goes. */
export interface Download {
  readonly url: string;
  readonly file: string;
  /** `sha256:` and 64 digits: anything else that arrives is refused. */
  readonly checksum?: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How much has come; `total` where the server says it. */
  readonly onBytes: (have: number, total: number | undefined) => void;
}

const TRIES = 6;
const PAUSE_MS = 1_000;

/** Fetches a file over HTTP. After a broken connection it goes on from where it was. */
export async function download(wanted: Download): Promise<void> {
  for (let tries = 1; ; tries++) {
    const error = await part(wanted).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined) break;
    wanted.signal.throwIfAborted();
    if (error instanceof LabError || tries === TRIES)
      throw new LabError('BadRequest', `${wanted.url} could not be fetched: ${messageOf(error)}`, { cause: error });
    await wanted.clock.sleep(PAUSE_MS * tries, wanted.signal);
  }
  if (wanted.checksum !== undefined) await verify(wanted.file, wanted.checksum);
}

async function part({ url, file, signal, onBytes }: Download): Promise<void> {
  const have = await sizeOf(file);
  const answer = await fetch(url, { signal, headers: have > 0 ? { range: `bytes=${have}-` } : {} });
  // All of it came before the connection broke.
  if (answer.status === 416 && have > 0) return;
  if (answer.status >= 500) throw new Error(`the server answers ${answer.status}`);
  if (!answer.ok || !answer.body) throw new LabError('BadRequest', `the server answers ${answer.status}`);
  const from = answer.status === 206 ? have : 0;
  const length = Number(answer.headers.get('content-length') ?? Number.NaN);
  const total = Number.isNaN(length) ? undefined : from + length;
  let count = from;
  const counted = new Transform({
    transform(chunk: Uint8Array, _encoding, next) {
      count += chunk.length;
      onBytes(count, total);
      next(undefined, chunk);
    },
  });
  await pipeline(Readable.fromWeb(answer.body), counted, createWriteStream(file, { flags: from > 0 ? 'a' : 'w' }));
}

function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

async function verify(file: string, checksum: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const found = `sha256:${hash.digest('hex')}`;
  if (found !== checksum) throw new LabError('BadRequest', `What was fetched has the checksum ${found}, and ${checksum} was expected.`);
}
