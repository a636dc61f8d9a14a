/** The index of the first NaN or infinity among little-endian float32, or −1; nothing is copied, as a file may have millions. */
export function firstNotFinite(bytes: Uint8Array): number {
  // An exponent of all ones.
  for (let at = 3; at < bytes.length; at += 4)
    if ((bytes[at]! & 0x7f) === 0x7f && bytes[at - 1]! >= 0x80) return (at - 3) / 4;
  return -1;
}

const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Little-endian float32: where they lie, if their address allows it, else a copy. */
export function floatsOf(bytes: Uint8Array): Float32Array {
  if (!littleEndian) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  }
  const there = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Float32Array(there.buffer as ArrayBuffer, there.byteOffset, bytes.length / 4);
}

/** Little-endian float32 of these numbers: where they lie, if that is how the machine keeps them. */
export function bytesOf(floats: Float32Array): Uint8Array {
  if (littleEndian) return new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
  const view = new DataView(new ArrayBuffer(floats.byteLength));
  floats.forEach((value, i) => view.setFloat32(4 * i, value, true));
  return new Uint8Array(view.buffer);
}

const word = new DataView(new ArrayBuffer(4));

/** bfloat16: the upper half of a float32. */
export function brainFloat(bits: number): number {
  word.setUint32(0, bits * 0x1_0000);
  return word.getFloat32(0);
}

/** IEEE 754 binary16. */
export function halfFloat(bits: number): number {
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits < 0x8000 ? 1 : -1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
