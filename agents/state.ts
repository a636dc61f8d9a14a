import { PolicyFileError } from '../core/errors.ts';

const arrayTypes = { Float32Array, Float64Array, Uint32Array, Int32Array, Uint8Array } as const;
type StateArrays = {
  readonly Float32Array: Float32Array;
  readonly Float64Array: Float64Array;
  readonly Uint32Array: Uint32Array;
  readonly Int32Array: Int32Array;
  readonly Uint8Array: Uint8Array;
};
type StateArray = StateArrays[keyof StateArrays];

/** Everything a learner or an environment needs to continue, as named typed arrays. */
export type State = Readonly<Record<string, StateArray>>;

/** Little-endian: u32 length of a JSON header `[name, type, length][]`, the header, then the arrays, each padded to 8 bytes. */
export function encodeState(state: State): Uint8Array {
  const entries = Object.entries(state);
  const header = new TextEncoder().encode(
    JSON.stringify(entries.map(([name, array]) => [name, array.constructor.name, array.length])),
  );
  const start = padded(4 + header.length);
  const bytes = new Uint8Array(start + entries.reduce((sum, [, array]) => sum + padded(array.byteLength), 0));
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 4);
  let at = start;
  for (const [, array] of entries) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += padded(array.byteLength);
  }
  return bytes;
}

/** @throws {PolicyFileError} when the bytes are not a whole state. */
export function decodeState(bytes: Uint8Array): State {
  // Not bytes.slice(): a Node Buffer's shares its memory, which for a small file is a part of Node's pool.
  const copy = new Uint8Array(bytes); // aligned, and the caller's buffer stays theirs
  const length = copy.length < 4 ? -1 : new DataView(copy.buffer).getUint32(0, true);
  if (length < 0 || 4 + length > copy.length)
    throw new PolicyFileError(`checkpoint: ${copy.length} bytes, too few for its header`);
  const state: Record<string, StateArray> = {};
  let at = padded(4 + length);
  for (const [name, type, size] of headerOf(copy.subarray(4, 4 + length))) {
    const Type = arrayTypes[type];
    if (at + size * Type.BYTES_PER_ELEMENT > copy.length)
      throw new PolicyFileError(`checkpoint: array '${name}' ends after byte ${copy.length}, the end of the file`);
    state[name] = new Type(copy.buffer, at, size);
    at += padded(size * Type.BYTES_PER_ELEMENT);
  }
  return state;
}

/** The array of that name, of the type and (if given) the length that the reader needs. */
export function stateArray<Name extends keyof StateArrays>(
  state: State,
  name: string,
  type: Name,
  length?: number,
): StateArrays[Name] {
  const array = state[name];
  if (array?.constructor !== arrayTypes[type] || (length !== undefined && array.length !== length))
    throw new PolicyFileError(
      `checkpoint: '${name}' is ${array === undefined ? 'missing' : `${array.constructor.name}[${array.length}]`}, expected ${type}[${length ?? '·'}]`,
    );
  return array as StateArrays[Name];
}

/** Prefixes every name, so that states nest: `{ weights }` → `{ 'actor.weights' }`. */
export function nested(prefix: string, state: State): State {
  return Object.fromEntries(Object.entries(state).map(([name, array]) => [`${prefix}.${name}`, array]));
}

/** The part of a state that `nested` put under a prefix. */
export function under(prefix: string, state: State): State {
  const start = `${prefix}.`;
  return Object.fromEntries(
    Object.entries(state).flatMap(([name, array]) =>
      name.startsWith(start) ? [[name.slice(start.length), array] as const] : [],
    ),
  );
}

function headerOf(bytes: Uint8Array): [string, keyof StateArrays, number][] {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new PolicyFileError('checkpoint: its header is not JSON', { cause });
  }
  const sound =
    Array.isArray(header) &&
    header.every(
      (entry) =>
        Array.isArray(entry) &&
        typeof entry[0] === 'string' &&
        Object.hasOwn(arrayTypes, String(entry[1])) &&
        Number.isSafeInteger(entry[2]) &&
        entry[2] >= 0,
    );
  if (!sound) throw new PolicyFileError('checkpoint: its header does not list [name, type, length]');
  return header as [string, keyof StateArrays, number][];
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
