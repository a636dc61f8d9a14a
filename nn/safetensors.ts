import type { ByteRange } from '../core/byte-range.ts';
import { PolicyFileError } from '../core/errors.ts';
import { brainFloat, bytesOf, firstNotFinite, floatsOf, halfFloat } from '../core/float-bytes.ts';

/** A float32 array with its shape, row-major. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Ten thousand tensors' worth; the format's own limit of 100 MB would let a hostile file be parsed for minutes. */
const longestHeader = 1 << 20;

interface Dtype {
  /** Bytes a number. */
  readonly width: number;
  readonly read: (view: DataView, at: number) => number;
}

const float32: Dtype = { width: 4, read: (view, at) => view.getFloat32(at, true) };
const dtypes: Readonly<Record<string, Dtype>> = {
  F32: float32,
  F64: { width: 8, read: (view, at) => view.getFloat64(at, true) },
  F16: { width: 2, read: (view, at) => halfFloat(view.getUint16(at, true)) },
  BF16: { width: 2, read: (view, at) => brainFloat(view.getUint16(at, true)) },
};

/**
 * Writes named float32 tensors: a u64 header length, a JSON header padded with spaces to 8 bytes, then the data without gaps.
 *
 * Source: safetensors format, github.com/huggingface/safetensors (little-endian throughout).
 */
export function writeSafetensors(tensors: ReadonlyMap<string, Tensor>): Uint8Array {
  let offset = 0;
  const entries = Array.from(tensors, ([name, { shape, data }]) => {
    const begin = offset;
    offset += data.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [begin, offset] }] as const;
  });
  // Not by assignment: a tensor may be called __proto__.
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const start = 8 + Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(start + offset);
  bytes.fill(0x20, 8, start);
  bytes.set(json, 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, start - 8, true);
  let at = start;
  for (const { data } of tensors.values()) {
    bytes.set(bytesOf(data), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Reads a safetensors file that holds finite float32 tensors.
 * @param file what a person would call the file, for messages
 * @throws {PolicyFileError} for every kind of damage: truncated, an impossible header, another dtype, a shape that does not fit
 *   its bytes, offsets that overlap or leave gaps, a value that is not finite.
 */
export function readSafetensors(bytes: Uint8Array, file: string): Map<string, Tensor> {
  const { begin, entries } = readHeader(bytes, file, { F32: float32 });
  return new Map(entries.map((entry) => [entry.name, { shape: entry.shape, data: floats(bytes, begin, entry, file) }]));
}

/**
 * The same for files of float64, float16 and bfloat16 too, rounded to float32; no number is read before its tensor's `data` is asked for.
 * @param most numbers of all the tensors that are asked for
 * @throws {PolicyFileError} here for the header, and where data are asked for.
 */
export function readAnySafetensors(bytes: ByteRange, file: string, most: number): Map<string, Tensor> {
  const { begin, entries } = readHeader(bytes, file, dtypes);
  let numbers = 0;
  return new Map(
    entries.map((entry) => {
      let data: Float32Array | undefined;
      const read = (): Float32Array => {
        const size = (entry.end - entry.begin) / entry.dtype.width;
        if ((numbers += size) > most)
          throw new PolicyFileError(`has ${size} numbers; the tensors that are read may have ${most} together`, {
            place: { file, path: `/${entry.name}` },
          });
        return floats(bytes, begin, entry, file);
      };
      const tensor: Tensor = {
        shape: entry.shape,
        get data() {
          return (data ??= read());
        },
      };
      return [entry.name, tensor];
    }),
  );
}

interface HeaderEntry {
  readonly name: string;
  readonly shape: readonly number[];
  /** Of its bytes, behind the header. */
  readonly begin: number;
  readonly end: number;
  readonly dtype: Dtype;
}

function readHeader(
  bytes: ByteRange,
  file: string,
  known: Readonly<Record<string, Dtype>>,
): { readonly begin: number; readonly entries: readonly HeaderEntry[] } {
  const fail = (message: string, path?: string): never => {
    throw new PolicyFileError(message, { place: { file, path } });
  };
  if (bytes.length < 8) fail(`the file has ${bytes.length} bytes, expected at least 8`);
  const start = bytes.subarray(0, 8);
  const view = new DataView(start.buffer, start.byteOffset, start.length);
  const headerLength = view.getUint32(0, true) + view.getUint32(4, true) * 0x1_0000_0000;
  if (headerLength > bytes.length - 8 || headerLength > longestHeader)
    fail(`the header claims ${headerLength} bytes, expected at most ${Math.min(bytes.length - 8, longestHeader)}`);
  const entries = Object.entries(parseHeader(bytes.subarray(8, 8 + headerLength), file)).filter(
    ([name]) => name !== '__metadata__',
  );
  const length = bytes.length - 8 - headerLength;
  const parsed = entries.map(([name, entry]) => ({ name, ...parseEntry(entry, `/${name}`, file, known) }));

  let reached = 0;
  for (const { name, begin, end } of parsed.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== reached)
      fail(
        `data begins at byte ${begin}, expected ${reached}, where the tensor before it ends`,
        `/${name}/data_offsets`,
      );
    if (end > length) fail(`data ends at byte ${end}, but the file holds ${length}`, `/${name}/data_offsets`);
    reached = end;
  }
  if (reached !== length) fail(`${length} bytes of data, expected ${reached} as in the header`);
  return { begin: 8 + headerLength, entries: parsed };
}

function parseHeader(bytes: Uint8Array, file: string): object {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PolicyFileError(`the header is not JSON: ${reason}`, { place: { file }, cause });
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw new PolicyFileError(`the header is ${describe(header)}, expected an object`, { place: { file } });
  return header;
}

function parseEntry(
  entry: unknown,
  path: string,
  file: string,
  known: Readonly<Record<string, Dtype>>,
): Omit<HeaderEntry, 'name'> {
  const fail = (message: string, field: string): never => {
    throw new PolicyFileError(message, { place: { file, path: path + field } });
  };
  if (typeof entry !== 'object' || entry === null) return fail(`got ${describe(entry)}, expected an object`, '');
  const { dtype: name, shape, data_offsets: offsets } = entry as Record<string, unknown>;
  const dtype = typeof name === 'string' && Object.hasOwn(known, name) ? known[name] : undefined;
  if (dtype === undefined) {
    const names = Object.keys(known).map((one) => `"${one}"`);
    return fail(`dtype is ${describe(name)}, expected ${names.join(', ')}`, '/dtype');
  }
  if (!isNaturals(shape)) return fail(`shape is ${describe(shape)}, expected a list of whole numbers`, '/shape');
  if (!isNaturals(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!)
    return fail(`got ${describe(offsets)}, expected [begin, end] with begin ≤ end`, '/data_offsets');
  const [begin, end] = offsets as [number, number];
  const expected = shape.reduce((product, size) => product * size, dtype.width);
  if (end - begin !== expected)
    return fail(`${end - begin} bytes of data, expected ${expected} for shape ${describe(shape)}`, '/data_offsets');
  return { shape, begin, end, dtype };
}

function floats(bytes: ByteRange, start: number, { name, begin, end, dtype }: HeaderEntry, file: string): Float32Array {
  const { width, read } = dtype;
  const path = `/${name}`;
  const data = bytes.subarray(start + begin, start + end);
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  if (read === float32.read) {
    const lost = firstNotFinite(data);
    if (lost < 0) return floatsOf(data);
    const value = view.getFloat32(4 * lost, true);
    throw new PolicyFileError(`value ${lost} is ${value}, expected a finite number`, { place: { file, path } });
  }
  const values = new Float32Array(data.length / width);
  for (let i = 0; i < values.length; i++) {
    const value = Math.fround(read(view, width * i));
    if (!Number.isFinite(value))
      throw new PolicyFileError(`value ${i} is ${value}, expected a finite number`, { place: { file, path } });
    values[i] = value;
  }
  return values;
}

function isNaturals(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
