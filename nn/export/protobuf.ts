/** Writes protocol buffers: a message is the list of its fields' bytes. Source: protobuf.dev/programming-guides/encoding */
export type Message = readonly Uint8Array[];

/** A whole number from 0 to 2⁵³ as a varint field. */
export function numberField(field: number, value: number): Uint8Array {
  return joined([varint(field * 8), varint(value)]);
}

export function bytesField(field: number, content: Uint8Array | Message): Uint8Array {
  const bytes = content instanceof Uint8Array ? content : joined(content);
  return joined([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

export function textField(field: number, text: string): Uint8Array {
  return bytesField(field, new TextEncoder().encode(text));
}

/** Float32 values, little-endian whatever the machine. */
export function floatBytes(values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i]!, true);
  return bytes;
}

export function joined(parts: Message): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}
