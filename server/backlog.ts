import type { Socket } from 'socket.io';

/** What waits in a socket because its client does not read: packets and their bytes. */
export function backlog(socket: Socket): { readonly packets: number; readonly bytes: number } {
  // Documented by engine.io as its write buffer, but private in its types.
  const { writeBuffer } = socket.conn as unknown as { readonly writeBuffer: readonly { readonly data?: unknown }[] };
  let bytes = 0;
  for (const { data } of writeBuffer) if (data instanceof Uint8Array) bytes += data.byteLength;
  return { packets: writeBuffer.length, bytes };
}
