import type { Duplex } from 'node:stream';
import { createWebSocketStream } from 'ws';
import { apiSocket, opened } from './channel-socket.ts';
import type { KubeClient } from './client.ts';
import type { ApiEndpoint } from './http-transport.ts';
import type { ObjectKey } from './object.ts';
import { virtualMachineInstances } from './virtual-machine.ts';

/** What of a running machine can be spoken to: its screen, as RFB, or its serial console. */
export type MachineStream = 'vnc' | 'console';

/** Byte streams into and out of machines, through the API. */
export interface MachineStreams {
  /** The screen as the hypervisor draws it, or the serial console. The API refuses with Conflict while the machine does not run. */
  open(machine: ObjectKey, stream: MachineStream, signal: AbortSignal): Promise<Duplex>;
  /** A connection to a TCP port of the guest. */
  portForward(machine: ObjectKey, port: number, signal: AbortSignal): Promise<Duplex>;
  /** Datagrams to and from a UDP port of the guest: what is written at once, and what is read at once, is one. */
  datagrams(machine: ObjectKey, port: number, signal: AbortSignal): Promise<Duplex>;
}

/** The subresources of KubeVirt, or of what stands in for it: https://kubevirt.io/api-reference/main/operations.html */
const GROUP = '/apis/subresources.kubevirt.io/v1';

/** Streams over WebSockets to a real or embedded API that listens on the network. */
export function machineStreams(endpoint: ApiEndpoint): MachineStreams {
  const open = async (machine: ObjectKey, subresource: string, signal: AbortSignal, readableObjectMode = false) => {
    const socket = apiSocket(endpoint, pathTo(machine, subresource), ['plain.kubevirt.io'], signal);
    const stream = createWebSocketStream(socket, { readableObjectMode });
    // Whoever takes the stream listens for its end; an error before that must not end the process.
    stream.on('error', () => undefined);
    await opened(socket);
    return stream;
  };
  return {
    open,
    portForward: (machine, port, signal) => open(machine, `portforward/${port}/tcp`, signal),
    datagrams: (machine, port, signal) => open(machine, `portforward/${port}/udp`, signal, true),
  };
}

/** Makes a running machine boot anew, as its reset button would. */
export async function rebootMachine(client: Pick<KubeClient, 'raw'>, machine: ObjectKey): Promise<void> {
  await client.raw('PUT', pathTo(machine, 'softreboot'));
}

function pathTo({ namespace = '', name }: ObjectKey, subresource: string): string {
  return `${GROUP}/namespaces/${namespace}/${virtualMachineInstances.plural}/${name}/${subresource}`;
}
