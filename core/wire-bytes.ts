/** What a msgpack parser makes of bytes: Node's a `Buffer`, a browser's an ArrayBuffer, and [0, ArrayBuffer] of what was not sent as a `Buffer`. */
export type WireBytes = Uint8Array | ArrayBuffer | readonly [0, ArrayBuffer];

/** Bytes as they were sent. */
export function bytesOf(wire: WireBytes): Uint8Array {
  if (wire instanceof Uint8Array) return wire;
  return new Uint8Array(wire instanceof ArrayBuffer ? wire : wire[1]);
}
