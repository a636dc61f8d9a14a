import { PolicyFileError } from '../../core/errors.ts';
import type { Place } from '../../core/errors.ts';
import { PickleCall, describePickled } from '../../core/pickle-value.ts';
import type { PickleValue } from '../../core/pickle-value.ts';
import { halfFloat } from '../../core/float-bytes.ts';

/** Under numpy 1 and under numpy 2. */
const both = (name: string): readonly string[] => [`numpy.core.${name}`, `numpy._core.${name}`];
const reconstruct = both('multiarray._reconstruct');
const fromBuffer = both('numeric._frombuffer');
const scalar = both('multiarray.scalar');

/** What arrays, scalars and random generators name; the generators are read over. */
export const numpyGlobals: readonly string[] = [
  ...reconstruct,
  ...fromBuffer,
  ...scalar,
  'numpy.ndarray',
  'numpy.dtype',
  ...['bool', 'bool_', 'int8', 'int32', 'int64', 'uint8', 'float16', 'float32', 'float64'].map(
    (name) => `numpy.${name}`,
  ),
  ...['__generator_ctor', '__bit_generator_ctor', '__randomstate_ctor'].map((name) => `numpy.random._pickle.${name}`),
  'numpy.random._pcg64.PCG64',
  'numpy.random._mt19937.MT19937',
  'numpy.random.bit_generator.SeedSequence',
  'numpy.random.bit_generator.__pyx_unpickle_SeedSequence',
];

/** Bytes an element, and how one is read; booleans as 0 and 1. */
const elements: Readonly<Record<string, readonly [number, (view: DataView, at: number, little: boolean) => number]>> = {
  f2: [2, (view, at, little) => halfFloat(view.getUint16(at, little))],
  f4: [4, (view, at, little) => view.getFloat32(at, little)],
  f8: [8, (view, at, little) => view.getFloat64(at, little)],
  b1: [1, (view, at) => view.getUint8(at)],
  i1: [1, (view, at) => view.getInt8(at)],
  u1: [1, (view, at) => view.getUint8(at)],
  i2: [2, (view, at, little) => view.getInt16(at, little)],
  i4: [4, (view, at, little) => view.getInt32(at, little)],
  i8: [8, (view, at, little) => Number(view.getBigInt64(at, little))],
  u4: [4, (view, at, little) => view.getUint32(at, little)],
  u8: [8, (view, at, little) => Number(view.getBigUint64(at, little))],
};

export interface NumpyArray {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float64Array;
}

/**
 * The numbers of a pickled array, of protocol 2 to 5 and numpy 1 or 2.
 * @throws {PolicyFileError} for what is no array of numbers, or has other bytes than its shape needs.
 */
export function numpyArray(value: PickleValue | undefined, place: Place): NumpyArray {
  const fail = (message: string): never => {
    throw new PolicyFileError(message, { place });
  };
  if (!(value instanceof PickleCall)) return fail(`is ${describePickled(value)}, expected an array`);
  let parts: readonly (PickleValue | undefined)[];
  let fortran = false;
  if (reconstruct.includes(value.callee)) {
    const state = Array.isArray(value.state) ? value.state : [];
    fortran = state[3] === true;
    parts = [state[4], state[2], state[1]];
  } else if (fromBuffer.includes(value.callee)) {
    parts = value.args;
    fortran = value.args[3] === 'F';
  } else return fail(`is ${describePickled(value)}, expected an array`);
  const [bytes, dtype, shape] = parts;
  if (!(bytes instanceof Uint8Array)) return fail(`its bytes are ${describePickled(bytes)}`);
  if (
    !Array.isArray(shape) ||
    shape.length > 8 ||
    !shape.every((length) => Number.isSafeInteger(length) && (length as number) >= 0)
  )
    return fail('its shape is no list of whole numbers');
  const lengths = shape as number[];
  if (fortran && lengths.filter((length) => length > 1).length > 1)
    return fail('it is in column order, expected row order');
  return { shape: lengths, data: numbersOf(bytes, dtype, lengths, place) };
}

/** A number, or a pickled numpy scalar. @throws {PolicyFileError} */
export function pickledNumber(value: PickleValue | undefined, place: Place): number {
  if (typeof value === 'number') return value;
  if (value instanceof PickleCall && scalar.includes(value.callee)) {
    const [dtype, bytes] = value.args;
    if (bytes instanceof Uint8Array) return numbersOf(bytes, dtype, [], place)[0]!;
  }
  throw new PolicyFileError(`is ${describePickled(value)}, expected a number`, { place });
}

function numbersOf(
  bytes: Uint8Array,
  dtype: PickleValue | undefined,
  shape: readonly number[],
  place: Place,
): Float64Array {
  const [width, read, little] = elementOf(dtype, place);
  const size = shape.reduce((product, length) => product * length, 1);
  if (bytes.length !== size * width)
    throw new PolicyFileError(`has ${bytes.length} bytes, expected ${size * width} for shape [${shape.join(', ')}]`, {
      place,
    });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Float64Array.from({ length: size }, (_, i) => read(view, i * width, little));
}

/** `numpy.dtype('f4', …)` with a state whose second part is its byte order. */
function elementOf(
  dtype: PickleValue | undefined,
  place: Place,
): readonly [number, (view: DataView, at: number, little: boolean) => number, boolean] {
  const kind = dtype instanceof PickleCall && dtype.callee === 'numpy.dtype' ? dtype : undefined;
  const name = kind?.args[0];
  const element = typeof name === 'string' && Object.hasOwn(elements, name) ? elements[name] : undefined;
  if (kind === undefined || element === undefined)
    throw new PolicyFileError(
      `its element type is ${typeof name === 'string' ? `'${name.slice(0, 20)}'` : describePickled(dtype)}, expected ${Object.keys(elements).join(', ')}`,
      { place },
    );
  return [...element, !(Array.isArray(kind.state) && kind.state[1] === '>')];
}
