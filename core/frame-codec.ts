import { CodecError } from './errors.ts';
import type { TelemetryFrame } from './telemetry.ts';

/**
 * One codec, three uses: what the socket sends, what the store keeps, what compaction transposes.
 *
 * Little-endian, 32-byte header then `cols × rows` float32, column-major:
 * `u8 version, u8 dtype (1 = f32), u16 flags, u32 schema, u32 seq, u32 step0, u16 rows, u16 cols, u32 crc32, f64 wallTime`.
 * The CRC (IEEE 802.3) covers the values; it is always written and always checked.
 */
export const frameHeaderBytes = 32;
const version = 1;
const float32 = 1;
const uint32Max = 0xffff_ffff;
const uint16Max = 0xffff;

/** @throws {CodecError} when a field does not fit its width or the values are not [cols×rows]. */
export function encodeFrame(frame: TelemetryFrame): Uint8Array {
  const { schema, seq, step0, rows, cols, values, wallTime } = frame;
  inRange('schema', schema, uint32Max);
  inRange('seq', seq, uint32Max);
  inRange('step0', step0, uint32Max);
  inRange('rows', rows, uint16Max);
  inRange('cols', cols, uint16Max);
  if (values.length !== rows * cols)
    throw new CodecError(
      `frame ${seq}: ${values.length} values, expected ${cols} cols × ${rows} rows = ${rows * cols}`,
    );
  const bytes = new Uint8Array(frameHeaderBytes + 4 * values.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat32(frameHeaderBytes + 4 * i, values[i]!, true);
  view.setUint8(0, version);
  view.setUint8(1, float32);
  view.setUint16(2, 0, true);
  view.setUint32(4, schema, true);
  view.setUint32(8, seq, true);
  view.setUint32(12, step0, true);
  view.setUint16(16, rows, true);
  view.setUint16(18, cols, true);
  view.setUint32(20, crc32(bytes.subarray(frameHeaderBytes)), true);
  view.setFloat64(24, wallTime, true);
  return bytes;
}

/** What a frame says of itself; its values are neither read nor checked. */
export function frameHeader(bytes: Uint8Array): Pick<TelemetryFrame, 'schema' | 'seq' | 'step0' | 'rows' | 'cols'> {
  const view = headerOf(bytes);
  return {
    schema: view.getUint32(4, true),
    seq: view.getUint32(8, true),
    step0: view.getUint32(12, true),
    rows: view.getUint16(16, true),
    cols: view.getUint16(18, true),
  };
}

/** Decodes one frame from any byte offset (a Node client gets unaligned `Buffer` views). Owns its values. */
export function decodeFrame(bytes: Uint8Array): TelemetryFrame {
  const view = headerOf(bytes);
  const header = frameHeader(bytes);
  const { rows, cols } = header;
  const crc = crc32(bytes.subarray(frameHeaderBytes));
  if (crc !== view.getUint32(20, true))
    throw new CodecError(`frame CRC is ${hex(crc)}, expected ${hex(view.getUint32(20, true))}: the values are damaged`);
  const values = new Float32Array(rows * cols);
  for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(frameHeaderBytes + 4 * i, true);
  return { ...header, values, wallTime: view.getFloat64(24, true) };
}

/** A view of a frame whose header can be read and is right about its length. */
function headerOf(bytes: Uint8Array): DataView {
  if (bytes.length < frameHeaderBytes)
    throw new CodecError(`frame has ${bytes.length} bytes, expected at least the ${frameHeaderBytes}-byte header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint8(0) !== version) throw new CodecError(`frame version is ${view.getUint8(0)}, expected ${version}`);
  if (view.getUint8(1) !== float32)
    throw new CodecError(`frame dtype is ${view.getUint8(1)}, expected ${float32} (float32)`);
  if (view.getUint16(2, true) !== 0) throw new CodecError(`frame flags are ${view.getUint16(2, true)}, expected 0`);
  const rows = view.getUint16(16, true);
  const cols = view.getUint16(18, true);
  const expected = frameHeaderBytes + 4 * rows * cols;
  if (bytes.length !== expected)
    throw new CodecError(`frame has ${bytes.length} bytes, expected ${expected} for ${cols} cols × ${rows} rows`);
  return view;
}

function inRange(name: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw new CodecError(`frame ${name} is ${value}, expected an integer in [0, ${max}]`);
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, '0')}`;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

/** CRC-32, reflected polynomial 0xEDB88320 (IEEE 802.3). */
function crc32(bytes: Uint8Array): number {
  let c = 0xffff_ffff;
  for (let i = 0; i < bytes.length; i++) c = crcTable[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8);
  return (c ^ 0xffff_ffff) >>> 0;
}
