import { crc32 } from '../../core/crc32.ts';

/** What a test says of a tensor; strides in numbers, row-major unless given. */
export interface TorchTensor {
  readonly shape: readonly number[];
  readonly values: readonly number[];
  readonly strides?: readonly number[];
  readonly offset?: number;
  readonly storage?: string;
}

const ascii = (text: string): number[] => Array.from(text, (char) => char.charCodeAt(0));
const unicode = (text: string): number[] => {
  const bytes = new TextEncoder().encode(text);
  return [0x58, ...little(bytes.length, 4), ...bytes];
};
const global = (module: string, name: string): number[] => [0x63, ...ascii(`${module}\n${name}\n`)];
const int = (value: number): number[] => [0x4a, ...little(value, 4)];
const tuple = (items: readonly number[][]): number[] => [0x28, ...items.flat(), 0x74];

function little(value: number, width: number): number[] {
  return Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** i) % 256);
}

/** The pickle of a state dictionary, as PyTorch writes it: protocol 2, each storage by its persistent id. */
export function torchPickle(tensors: Readonly<Record<string, TorchTensor>>, wrapped = true): Uint8Array {
  const items = Object.entries(tensors).flatMap(([name, tensor], i) => {
    const strides = tensor.strides ?? rowMajor(tensor.shape);
    const storage = tuple([
      unicode('storage'),
      global('torch', tensor.storage ?? 'FloatStorage'),
      unicode(String(i)),
      unicode('cpu'),
      int(tensor.values.length),
    ]);
    const args = tuple([
      [...storage, 0x51],
      int(tensor.offset ?? 0),
      tuple(tensor.shape.map(int)),
      tuple(strides.map(int)),
      [0x89],
      [...global('collections', 'OrderedDict'), 0x29, 0x52],
    ]);
    return [...unicode(name), ...global('torch._utils', '_rebuild_tensor_v2'), ...args, 0x52];
  });
  const dictionary = [...global('collections', 'OrderedDict'), 0x29, 0x52, 0x28, ...items, 0x75];
  const root = wrapped ? [0x7d, 0x28, ...unicode('model_state_dict'), ...dictionary, 0x75] : dictionary;
  return Uint8Array.from([0x80, 2, ...root, 0x2e]);
}

function rowMajor(shape: readonly number[]): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1));
}

/** The whole file: a stored ZIP of the pickle and the storages. */
export function torchFile(tensors: Readonly<Record<string, TorchTensor>>, pickle = torchPickle(tensors)): Uint8Array {
  const storages = Object.values(tensors).map(
    ({ values, storage }, i) => [`net/data/${i}`, storageBytes(values, storage)] as const,
  );
  return storedZip([['net/data.pkl', pickle], ...storages, ['net/version', Uint8Array.from(ascii('3\n'))]]);
}

function storageBytes(values: readonly number[], storage = 'FloatStorage'): Uint8Array {
  if (storage === 'DoubleStorage') return new Uint8Array(Float64Array.from(values).buffer);
  if (storage === 'HalfStorage') return new Uint8Array(Uint16Array.from(values).buffer);
  return new Uint8Array(Float32Array.from(values).buffer);
}

/** @param method 8 claims that entries are deflated; their bytes are stored all the same */
export function storedZip(entries: readonly (readonly [string, Uint8Array])[], method = 0): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: number[] = [];
  let at = 0;
  const put = (bytes: Uint8Array): void => {
    parts.push(bytes);
    at += bytes.length;
  };
  for (const [name, bytes] of entries) {
    const common = [
      ...little(0, 2),
      ...little(method, 2),
      ...little(0, 4),
      ...little(crc32(bytes), 4),
      ...little(bytes.length, 4),
      ...little(bytes.length, 4),
      ...little(name.length, 2),
      ...little(0, 2),
    ];
    directory.push(
      ...little(0x02014b50, 4),
      ...little(20, 2),
      ...little(20, 2),
      ...common,
      ...little(0, 10),
      ...little(at, 4),
      ...ascii(name),
    );
    put(Uint8Array.from([...little(0x04034b50, 4), ...little(20, 2), ...common, ...ascii(name)]));
    put(bytes);
  }
  const end = [
    ...little(0x06054b50, 4),
    ...little(0, 4),
    ...little(entries.length, 2),
    ...little(entries.length, 2),
    ...little(directory.length, 4),
    ...little(at, 4),
    ...little(0, 2),
  ];
  put(Uint8Array.from(directory));
  put(Uint8Array.from(end));
  const file = new Uint8Array(at);
  let to = 0;
  for (const part of parts) {
    file.set(part, to);
    to += part.length;
  }
  return file;
}
