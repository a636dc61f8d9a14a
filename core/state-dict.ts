import type { ByteRange } from './byte-range.ts';
import { DataError } from './errors.ts';
import { brainFloat, firstNotFinite, floatsOf, halfFloat } from './float-bytes.ts';
import { PickleCall, PickleGlobal, PicklePersistent, describePickled } from './pickle-value.ts';
import type { PickleValue } from './pickle-value.ts';
import { readPickle } from './pickle.ts';
import type { PickleRules } from './pickle.ts';
import { openZip } from './zip.ts';
import type { ZipArchive, ZipEntry, ZipInflation } from './zip.ts';

/** A float32 array with its shape, row-major. */
export interface StateTensor {
  readonly shape: readonly number[];
  /** Read from the file when it is first asked for. @throws {DataError} */
  readonly data: Float32Array;
}

/** What a file may hold. */
export interface StateDictLimits {
  /** All tensors together that are asked for. */
  readonly numbers: number;
  /** Keys under which a checkpoint may keep its state dictionary, tried in this order. */
  readonly wrappers: readonly string[];
  /** That the pickle may have; absent: as many as its bytes. */
  readonly opcodes?: number;
  /** Compressed archives are read with it; PyTorch writes none. */
  readonly inflation?: ZipInflation;
}

/** Bytes of what describes the tensors: three thousand for an LSTM with its optimiser. */
const longestPickle = 1 << 18;
/** Bytes a number, and how one is read. What a module's parameters are loaded from is converted to their float32. */
type Storage = readonly [number, (view: DataView, at: number) => number];
const storages: Readonly<Record<string, Storage>> = {
  'torch.FloatStorage': [4, (view, at) => view.getFloat32(at, true)],
  'torch.DoubleStorage': [8, (view, at) => view.getFloat64(at, true)],
  'torch.HalfStorage': [2, (view, at) => halfFloat(view.getUint16(at, true))],
  'torch.BFloat16Storage': [2, (view, at) => brainFloat(view.getUint16(at, true))],
};
const rebuildTensor = 'torch._utils._rebuild_tensor_v2';
const rebuildParameter = 'torch._utils._rebuild_parameter';
/** Storages that other parts of a checkpoint (an optimiser's counters) may use. */
const otherStorages = ['Long', 'Int', 'Short', 'Char', 'Byte', 'Bool'].map((name) => `torch.${name}Storage`);
const rules: PickleRules = {
  globals: new Set([
    'collections.OrderedDict',
    rebuildTensor,
    rebuildParameter,
    ...Object.keys(storages),
    ...otherStorages,
  ]),
  purpose: 'tensors',
  objects: false,
};

/**
 * The tensors of a PyTorch `state_dict`, at the top of the file or under a wrapper's key, as float32. Nothing in the file is run, and no number is
 * read or copied before its tensor's `data` is asked for.
 * @param file what a person would call the file, for messages
 * @throws {DataError} with the byte offset for every kind of damage, for a pickle that names anything but tensors, for compressed
 *   entries, and for the format before PyTorch 1.6, which is no ZIP archive.
 *
 * Source: specs/citylearn.md 7; pytorch.org/docs/stable/notes/serialization.html.
 */
export function readStateDict(bytes: ByteRange, file: string, limits: StateDictLimits): Map<string, StateTensor> {
  const begin = bytes.subarray(0, Math.min(2, bytes.length));
  // 0x80: a pickle's first byte.
  if (begin[0] === 0x80)
    throw new DataError(
      'is a pickle without a ZIP archive, the format before PyTorch 1.6; save it again with a newer one',
      {
        place: { file },
      },
    );
  if (begin[0] !== 0x50 || begin[1] !== 0x4b)
    throw new DataError('is no PyTorch file: it does not begin as a ZIP archive (byte 0)', { place: { file } });
  const zip = openZip(bytes, file, limits.inflation);
  const pickles = zip.names.filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length !== 1)
    throw new DataError(
      `has ${pickles.length} entries called data.pkl in a top folder, expected 1: it is no PyTorch file`,
      {
        place: { file },
      },
    );
  const folder = pickles[0]!.slice(0, -'data.pkl'.length);
  assertLittleEndian(zip, `${folder}byteorder`, file);
  const pickle = zip.find(pickles[0]!)!;
  if (pickle.length > longestPickle)
    throw new DataError(
      `'${pickles[0]!}' has ${pickle.length} bytes, expected at most ${longestPickle} (byte ${pickle.offset})`,
      {
        place: { file },
      },
    );
  const root = readPickle(
    pickle.read(),
    limits.opcodes === undefined ? rules : { ...rules, mostOpcodes: limits.opcodes },
    file,
    pickle.offset,
  );
  const wrapper = root instanceof Map ? limits.wrappers.find((key) => root.get(key) !== undefined) : undefined;
  const path = wrapper === undefined ? '' : `/${wrapper}`;
  const dictionary = wrapper === undefined ? root : (root as Map<PickleValue, PickleValue>).get(wrapper);
  if (!(dictionary instanceof Map))
    throw new DataError(`is ${describePickled(dictionary)}, expected a dictionary of tensors`, {
      place: { file, path },
    });
  const tensors = new Map<string, StateTensor>();
  let numbers = 0;
  const claim = (tensor: TensorSource): void => {
    numbers += tensor.size;
    if (numbers > limits.numbers)
      throw tensor.failure(`has ${tensor.size} numbers; the tensors that are read may have ${limits.numbers} together`);
  };
  for (const [key, value] of dictionary) {
    if (typeof key !== 'string')
      throw new DataError(`the key of a tensor is ${describePickled(key)}, expected a string`, {
        place: { file, path },
      });
    const place = { file, path: `${path}/${key.slice(0, 200)}` };
    tensors.set(key, new TensorSource(value, place, zip, folder, claim));
  }
  return tensors;
}

function assertLittleEndian(zip: ZipArchive, name: string, file: string): void {
  const order = zip.find(name);
  if (order === undefined) return;
  const text = new TextDecoder().decode(order.range().subarray(0, Math.min(20, order.length)));
  if (text !== 'little')
    throw new DataError(`'${name}' is '${text}', expected 'little' (byte ${order.offset})`, { place: { file } });
}

/** A call of `_rebuild_tensor_v2(storage, offset, shape, strides, …)`, checked. */
class TensorSource implements StateTensor {
  readonly shape: readonly number[];
  readonly size: number;
  readonly #strides: readonly number[];
  readonly #start: number;
  readonly #type: Storage;
  readonly #width: number;
  readonly #entry: ZipEntry;
  readonly #claim: (tensor: TensorSource) => void;
  readonly #place: { readonly file: string; readonly path: string };
  #data: Float32Array | undefined;

  /** @param claim asked before numbers are read */
  constructor(
    value: PickleValue,
    place: { file: string; path: string },
    zip: ZipArchive,
    folder: string,
    claim: (tensor: TensorSource) => void,
  ) {
    this.#claim = claim;
    this.#place = place;
    let call = value;
    // A parameter wraps a tensor; once, never deeper.
    if (call instanceof PickleCall && call.callee === rebuildParameter) call = call.args[0] ?? null;
    if (!(call instanceof PickleCall) || call.callee !== rebuildTensor)
      throw this.failure(`is ${describePickled(value)}, expected a tensor`);
    const [storage, start, shape, strides] = call.args;
    if (!(storage instanceof PicklePersistent)) throw this.failure(`its storage is ${describePickled(storage)}`);
    const [tag, kind, key, , count] = Array.isArray(storage.id) ? storage.id : [];
    if (tag !== 'storage' || !(kind instanceof PickleGlobal) || typeof key !== 'string' || !isCount(count))
      throw this.failure('its storage is not described as (storage, type, key, location, size)');
    const type = storages[kind.name];
    if (type === undefined)
      throw this.failure(`its storage is a ${kind.name}, expected ${Object.keys(storages).join(', ')}`);
    if (!isCount(start) || !isCounts(shape) || !isCounts(strides) || shape.length !== strides.length)
      throw this.failure('its offset, shape and strides are no numbers that fit together');
    this.shape = [...shape];
    this.#strides = strides;
    this.#start = start;
    this.size = shape.reduce((product, length) => product * length, 1);
    this.#type = type;
    [this.#width] = type;
    const entry = zip.find(`${folder}data/${key}`);
    if (entry === undefined)
      throw this.failure(`its storage '${folder}data/${key.slice(0, 200)}' is not in the archive`);
    const { length: bytes, offset } = entry;
    if (bytes !== count * this.#width)
      throw this.failure(`its storage has ${bytes} bytes, expected ${count * this.#width} (byte ${offset})`);
    const last = this.size === 0 ? start - 1 : shape.reduce((at, length, i) => at + (length - 1) * strides[i]!, start);
    if (last >= count) throw this.failure(`reaches number ${last} of a storage of ${count} (byte ${offset})`);
    // Strides of 0 would make a great tensor of a small file.
    if (this.size > count)
      throw this.failure(`has ${this.size} numbers, but its storage only ${count} (byte ${offset})`);
    this.#entry = entry;
  }

  get data(): Float32Array {
    if (this.#data !== undefined) return this.#data;
    this.#claim(this);
    return (this.#data = this.#read());
  }

  /** The numbers in row-major order. */
  #read(): Float32Array {
    // A storage that is all this tensor's need not be kept; one that others share would be read again and again.
    const whole = this.#entry.length === this.size * this.#width;
    const stored = whole ? this.#entry.take() : this.#entry.read();
    const view = new DataView(stored.buffer, stored.byteOffset, stored.length);
    if (this.#type === storages['torch.FloatStorage'] && isRowMajor(this.shape, this.#strides)) {
      const bytes = stored.subarray(4 * this.#start, 4 * (this.#start + this.size));
      const lost = firstNotFinite(bytes);
      if (lost < 0) return floatsOf(bytes);
      throw this.failure(`number ${lost} is ${view.getFloat32(4 * (this.#start + lost), true)}, expected a finite one`);
    }
    const data = new Float32Array(this.size);
    const outer = this.shape.length - 1;
    const row = this.shape[outer] ?? 1;
    const step = (this.#strides[outer] ?? 0) * this.#width;
    const [, number] = this.#type;
    const index = this.shape.map(() => 0);
    let start = this.#start;
    for (let i = 0; i < data.length;) {
      let from = start * this.#width;
      for (let k = 0; k < row; k++, i++, from += step) {
        const value = Math.fround(number(view, from));
        if (!Number.isFinite(value)) throw this.failure(`number ${i} is ${value}, expected a finite one`);
        data[i] = value;
      }
      for (let axis = outer - 1; axis >= 0; axis--) {
        start += this.#strides[axis]!;
        if (++index[axis]! < this.shape[axis]!) break;
        start -= this.#strides[axis]! * this.shape[axis]!;
        index[axis] = 0;
      }
    }
    return data;
  }

  failure(message: string): DataError {
    return new DataError(message, { place: this.#place });
  }
}

function isCount(value: PickleValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.length <= 16 && value.every((one) => isCount(one));
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis]! > 1 && strides[axis] !== step) return false;
    step *= shape[axis]!;
  }
  return true;
}
