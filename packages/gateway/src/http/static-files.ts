import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { LabError } from '@crownlabs/std';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
};

const COMPRESSIBLE = /^(text\/|application\/(json|manifest|wasm)|image\/svg)/;
const SMALLEST_COMPRESSED = 1024;
// A name with a hash of the content never means anything else.
const HASHED = /[-.][A-Za-z0-9_-]{8,}\.\w+$/;

interface Loaded {
  readonly type: string;
  readonly tag: string;
  readonly changedAt: number;
  readonly bytes: Buffer;
  readonly encoded: Map<string, Promise<Buffer>>;
}

/** Serves the dashboard: files below one folder, and its first page for every path that is a place in the app. */
export class StaticFiles {
  readonly #root: string;
  readonly #loaded = new Map<string, Loaded>();

  constructor(root: string) {
    this.#root = normalize(root);
  }

  async serve(request: IncomingMessage, response: ServerResponse, pathname: string): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new LabError('MethodNotAllowed', 'This address can only be read.');
    const named = await this.#find(pathname);
    // A missing script must not be answered with a page: browsers would keep it.
    if (!named && extname(pathname) !== '') throw new LabError('NotFound', 'There is no such file.');
    const file = named ?? (await this.#find('/index.html'));
    if (!file) throw new LabError('NotFound', 'The dashboard has not been built yet.');
    await send(request, response, { file, immutable: named !== undefined && HASHED.test(pathname) });
  }

  async #find(pathname: string): Promise<Loaded | undefined> {
    const path = this.#pathOf(pathname);
    if (!path) return undefined;
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) return undefined;
    const known = this.#loaded.get(path);
    if (known?.changedAt === found.mtimeMs) return known;
    const bytes = await readFile(path);
    const type = TYPES[extname(path)] ?? 'application/octet-stream';
    const tag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
    const loaded: Loaded = { type, tag, changedAt: found.mtimeMs, bytes, encoded: new Map() };
    this.#loaded.set(path, loaded);
    return loaded;
  }

  #pathOf(pathname: string): string | undefined {
    let decoded: string;
    try {
      decoded = decodeURIComponent(pathname);
    } catch {
      return undefined;
    }
    if (decoded.includes('\0') || decoded.split('/').some((part) => part.startsWith('.'))) return undefined;
    const path = join(this.#root, decoded === '/' ? 'index.html' : decoded);
    return path.startsWith(`${this.#root}${sep}`) ? path : undefined;
  }
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  { file, immutable }: { file: Loaded; immutable: boolean },
): Promise<void> {
  const encoding = encodingFor(request, file);
  const headers = {
    'content-type': file.type,
    'cache-control': immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: file.tag,
    vary: 'accept-encoding',
  };
  if (request.headers['if-none-match'] === file.tag) return void response.writeHead(304, headers).end();
  const bytes = encoding ? await encoded(file, encoding) : file.bytes;
  response.writeHead(200, { ...headers, 'content-length': bytes.length, ...(encoding ? { 'content-encoding': encoding } : {}) });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

function encodingFor(request: IncomingMessage, { type, bytes }: Loaded): 'br' | 'gzip' | undefined {
  if (bytes.length < SMALLEST_COMPRESSED || !COMPRESSIBLE.test(type)) return undefined;
  const accepted = request.headers['accept-encoding'] ?? '';
  if (/\bbr\b/.test(accepted)) return 'br';
  return /\bgzip\b/.test(accepted) ? 'gzip' : undefined;
}

/** Compressed once and kept: the dashboard is a handful of files. */
function encoded(file: Loaded, encoding: 'br' | 'gzip'): Promise<Buffer> {
  const known = file.encoded.get(encoding);
  if (known) return known;
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: file.bytes.length } };
  const made = encoding === 'br' ? promisify(brotliCompress)(file.bytes, options) : promisify(gzip)(file.bytes, { level: 8 });
  file.encoded.set(encoding, made);
  return made;
}
