import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { LabError } from '@crownlabs/std';
import { type WebSocket, WebSocketServer } from 'ws';
import { refusal } from '../authz/index.ts';
import { admitCall, failure } from '../handler.ts';
import type { UpgradeHandler } from '../http/listen.ts';
import { incomingOf } from '../http/receive.ts';
import type { JsonObject } from '../json.ts';
import type { ExecOptions, ExecSession, Kubelet } from '../kubelet.ts';
import type { LocalGroup } from '../local-group.ts';
import { findLocal, localRequest } from '../local-paths.ts';
import type { Api, Call } from '../pipeline.ts';
import { isTrue } from '../request-attributes.ts';
import { forbidden, notFound } from '../status-error.ts';
import { Warnings } from '../warnings.ts';
import { bytesOf } from './channels.ts';
import { serveExec } from './exec.ts';
import type { Kubelets } from './kubelets.ts';
import { containerOf, demandRunning, identityOf, kubeletOf, podOf } from './pod-target.ts';
import { portsOf, serveChannelForward, serveTunnelledForward } from './port-forward.ts';

const EXEC_PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const TUNNEL = 'SPDY/3.1+portforward.k8s.io';
// The tunnel's name is no token, as a subprotocol should be, so `ws` would refuse it: it gets an alias, and the client the name.
const TUNNEL_ALIAS = 'portforward-tunnel';
const FORWARD_PROTOCOLS = [TUNNEL_ALIAS, 'v4.channel.k8s.io'];
const LOCAL_PROTOCOLS = ['plain.kubevirt.io', 'binary.kubevirt.io', 'binary'];

/** What to do with the WebSocket once it is open. */
type Serve = (socket: WebSocket) => void | Promise<void>;

/** An upgrade that was allowed: the protocols on offer and what speaks them. */
interface Accepted {
  readonly protocols: readonly string[];
  readonly serve: Serve;
}

/** Takes over connections that become WebSockets: exec, attach, port-forward, and what local groups offer. Refusals are plain answers. */
export function upgrades(api: Api, kubelets: Kubelets, localGroups: readonly LocalGroup[]): UpgradeHandler {
  return (request, socket, head) => {
    const gone = new AbortController();
    socket.once('close', () => gone.abort());
    socket.on('error', () => gone.abort());
    accept({ api, kubelets, localGroups }, request, gone.signal).then(
      (accepted) => open(request, socket, head, accepted),
      (error: unknown) => refuse(api, socket, error),
    );
  };
}

interface Parts {
  readonly api: Api;
  readonly kubelets: Kubelets;
  readonly localGroups: readonly LocalGroup[];
}

async function accept({ api, kubelets, localGroups }: Parts, request: IncomingMessage, signal: AbortSignal): Promise<Accepted> {
  const call = await admitCall(api, { ...incomingOf(request), signal }, new Warnings());
  const speaks = request.headers.upgrade?.toLowerCase() === 'websocket' && request.method === 'GET';
  const { group, resource, name } = call.attributes;
  const local = findLocal(localGroups, call);
  if (local) return speaks ? acceptLocal(local, call) : onlyWebSocket(request);
  if (group !== '' || resource !== 'pods') throw notFound({ group, plural: resource, kind: '' }, name);
  await demandCreate(api, call);
  const reached = await reach({ api, kubelets }, call, speaks);
  return speaks ? acceptPod(api, call, reached) : onlyWebSocket(request);
}

/** A pod and the node that it runs on. */
interface Reached {
  readonly pod: JsonObject;
  readonly kubelet: Kubelet;
}

/** A client that got no WebSocket asks again in the old way and shows that answer alone: it must hear why there was none. */
async function reach({ api, kubelets }: Omit<Parts, 'localGroups'>, call: Call, speaks: boolean): Promise<Reached> {
  const pod = podOf(api, call);
  if (!speaks && call.attributes.subresource !== 'portforward') demandRunning(pod, containerOf(pod, call.query.get('container') ?? ''));
  return { pod, kubelet: await kubeletOf(kubelets, pod, api, call.incoming.signal) };
}

async function acceptPod(api: Api, call: Call, { pod, kubelet }: Reached): Promise<Accepted> {
  const identity = identityOf(pod);
  const { signal } = call.incoming;
  const { group, subresource, name } = call.attributes;
  switch (subresource) {
    case 'exec':
    case 'attach':
      return acceptExec({ api, call, pod, signal }, (options) => kubelet.exec(identity, options, signal));
    case 'portforward':
      await connect(api, call, { kind: 'PodPortForwardOptions', apiVersion: 'v1' });
      return acceptForward(call, (port) => kubelet.dial(identity, port, signal));
    default:
      throw notFound({ group, plural: `pods/${subresource}`, kind: '' }, name);
  }
}

function onlyWebSocket({ headers, method }: IncomingMessage): never {
  throw new LabError('BadRequest', `this server upgrades to WebSocket only, not to ${headers.upgrade ?? 'anything'} by ${method}`);
}

/** Reaching into a pod changes it, whatever the method of the handshake says. */
async function demandCreate(api: Api, call: Call): Promise<void> {
  const attributes = { ...call.attributes, verb: 'create' };
  const decision = await api.authorizer.authorize(attributes, call.user);
  if (decision.allowed) return;
  throw forbidden({ group: '', plural: 'pods', kind: '' }, attributes.name, refusal(attributes, call.user, decision));
}

/** Admission of a connection. */
async function connect(api: Api, call: Call, options: JsonObject): Promise<void> {
  const resource = api.registry.find('', 'v1', 'pods');
  if (!resource) return;
  const { subresource, namespace, name } = call.attributes;
  const admission = {
    operation: 'CONNECT' as const,
    user: call.user,
    resource,
    subresource,
    namespace,
    name,
    object: options,
    old: undefined,
    options: {},
    dryRun: false,
    signal: call.incoming.signal,
    warn: (text: string) => call.warnings.add(text),
    settled: () => undefined,
  };
  await api.admission.mutate(admission);
  await api.admission.validate(admission);
}

async function acceptExec(
  { api, call, pod, signal }: { api: Api; call: Call; pod: JsonObject; signal: AbortSignal },
  start: (options: ExecOptions) => Promise<ExecSession>,
): Promise<Accepted> {
  const { query, attributes } = call;
  const options = {
    container: containerOf(pod, query.get('container') ?? ''),
    command: attributes.subresource === 'exec' ? query.getAll('command') : [],
    tty: isTrue(query, 'tty'),
    stdin: isTrue(query, 'stdin'),
  };
  if (attributes.subresource === 'exec' && options.command.length === 0)
    throw new LabError('BadRequest', 'you must specify at least one command for the container');
  await connect(api, call, {
    kind: attributes.subresource === 'exec' ? 'PodExecOptions' : 'PodAttachOptions',
    apiVersion: 'v1',
    ...options,
  });
  signal.throwIfAborted();
  const session = await start(options);
  return { protocols: EXEC_PROTOCOLS, serve: (socket) => serveExec(session, socket) };
}

function acceptForward(call: Call, dial: (port: number) => Promise<Duplex>): Accepted {
  const ports = portsOf(call.query);
  return {
    protocols: FORWARD_PROTOCOLS,
    serve: (socket) => (socket.protocol === TUNNEL_ALIAS ? serveTunnelledForward(socket, dial) : serveChannelForward(socket, ports, dial)),
  };
}

async function acceptLocal(group: LocalGroup, call: Call): Promise<Accepted> {
  if (!group.connect) throw new LabError('BadRequest', 'this resource takes no connections');
  const stream = await group.connect(localRequest(call));
  return { protocols: LOCAL_PROTOCOLS, serve: (socket) => joinBytes(socket, stream) };
}

/** Bytes both ways, until either side ends. */
async function joinBytes(socket: WebSocket, stream: Duplex): Promise<void> {
  socket.on('message', (message) => void stream.write(bytesOf(message)));
  socket.once('close', () => stream.destroy());
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    await new Promise<void>((resolve) => socket.send(chunk, () => resolve()));
  }
  socket.close(1000);
}

function open(request: IncomingMessage, socket: Duplex, head: Buffer, { protocols, serve }: Accepted): void {
  const offered = request.headers['sec-websocket-protocol'];
  if (offered?.includes(TUNNEL)) request.headers['sec-websocket-protocol'] = offered.replace(TUNNEL, TUNNEL_ALIAS);
  const server = new WebSocketServer({
    noServer: true,
    // Nothing that the client offers may be left unanswered, or it would take the handshake for failed.
    handleProtocols: (offered) => protocols.find((one) => offered.has(one)) ?? false,
    maxPayload: 16 * 1024 * 1024,
    perMessageDeflate: false,
  });
  server.on('headers', (lines) => {
    for (const [at, line] of lines.entries()) lines[at] = line.replace(TUNNEL_ALIAS, TUNNEL);
  });
  server.handleUpgrade(request, socket, head, (webSocket) => {
    webSocket.on('error', () => webSocket.terminate());
    Promise.resolve(serve(webSocket)).catch(() => webSocket.close(1011));
  });
}

/** Answers an upgrade that is not to be: the Status, as if it had been a plain request. */
function refuse(api: Api, socket: Duplex, error: unknown): void {
  const { status, headers, parts } = failure(api, error);
  const body = Buffer.concat(parts);
  const lines = Object.entries({ ...headers, 'content-length': String(body.length), connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`), body]));
}
