import type { Socket } from 'socket.io';

/** What engine.io documents, but has private in its types. */
interface Connection {
  /** Packets that wait for the transport. */
  readonly writeBuffer: readonly { readonly data?: unknown }[];
  readonly transport: { readonly socket: { readonly bufferedAmount: number } };
}

/**
 * What waits for a client that does not read: packets, and bytes. Those that were handed to the WebSocket are in no packet any more, but in
 * memory all the same: the bytes count them.
 */
export function backlog(socket: Socket): { readonly packets: number; readonly bytes: number } {
  const { writeBuffer, transport } = socket.conn as unknown as Connection;
  let bytes = transport.socket.bufferedAmount;
  for (const { data } of writeBuffer) if (data instanceof Uint8Array) bytes += data.byteLength;
  return { packets: writeBuffer.length, bytes };
}
