import { floatsOf, halfFloat } from '../../../core/float-bytes.ts';
import { shapeText, sizeOf } from './array.ts';
import type { NumberArray, Numbers } from './array.ts';
import type { Field, NumberKind, WireFile } from './wire.ts';

/** TensorProto.DataType, as far as a policy needs it: how a value lies in `raw_data`; narrow: no wider than float32. */
const types: Readonly<
  Record<number, { readonly name: string; readonly bytes: number; readonly narrow?: true; read: Reader }>
> = {
  1: { name: 'float', bytes: 4, narrow: true, read: (view, at) => view.getFloat32(at, true) },
  2: { name: 'uint8', bytes: 1, read: (view, at) => view.getUint8(at) },
  3: { name: 'int8', bytes: 1, read: (view, at) => view.getInt8(at) },
  6: { name: 'int32', bytes: 4, read: (view, at) => view.getInt32(at, true) },
  7: { name: 'int64', bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  9: { name: 'bool', bytes: 1, read: (view, at) => view.getUint8(at) },
  10: { name: 'float16', bytes: 2, narrow: true, read: (view, at) => halfFloat(view.getUint16(at, true)) },
  11: { name: 'double', bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};
type Reader = (view: DataView, at: number) => number;

/** A named constant of a model. */
export interface NamedArray {
  readonly name: string;
  readonly array: NumberArray;
}

/**
 * Reads a TensorProto: float, double, float16 and whole numbers, in `raw_data` or in the typed fields.
 *
 * Source: onnx/onnx.proto, message TensorProto.
 * @throws {PolicyFileError} naming the tensor, for another type, data in another file, dimensions that do not fit the data, and values that are not finite.
 */
export function readTensor(wire: WireFile, field: Field): NamedArray {
  const dims: number[] = [];
  const typed: (readonly [Field, NumberKind])[] = [];
  let type = 0;
  let name = '';
  let raw: Field | undefined;
  let external = false;
  let segmented = false;
  for (const part of wire.message(field)) {
    if (part.number === 1) wire.integers(part, dims);
    else if (part.number === 2) type = wire.integer(part);
    else if (part.number === 3) segmented = true;
    else if (part.number === 4) typed.push([part, 4]);
    else if (part.number === 5 || part.number === 7) typed.push([part, 'varint']);
    else if (part.number === 8) name = wire.text(part);
    else if (part.number === 9) raw = part;
    else if (part.number === 10) typed.push([part, 8]);
    else if (part.number === 13) external = true;
    else if (part.number === 14) external ||= wire.integer(part) === 1;
  }
  const fail = (message: string): never => wire.fail(field.begin, `tensor '${name}': ${message}`);
  const kind = types[type];
  if (external)
    return fail(
      'its data lie in another file; save the model as one file (onnx.save with save_as_external_data=False)',
    );
  if (segmented) return fail('it is cut into segments, expected a whole tensor');
  if (kind === undefined) {
    const known = Object.values(types).map((one) => one.name);
    return fail(`data type ${type}, expected ${known.join(', ')}`);
  }
  if (dims.length > 8 || dims.some((dim) => !Number.isSafeInteger(dim) || dim < 0))
    return fail(`dimensions ${shapeText(dims.slice(0, 9))}, expected at most 8 whole numbers`);
  const size = sizeOf(dims);
  const got =
    raw === undefined
      ? typed.reduce((sum, [part, as]) => sum + wire.count(part, as), 0)
      : (raw.end - raw.begin) / kind.bytes;
  if (got !== size) return fail(`${got} values of type ${kind.name}, expected ${size} as in ${shapeText(dims)}`);
  wire.claim(size, field.begin);
  let data: Numbers;
  if (raw !== undefined && kind.name === 'float') data = floatsOf(wire.run(raw));
  else {
    data = kind.narrow ? new Float32Array(size) : new Float64Array(size);
    if (raw === undefined) {
      let at = 0;
      for (const [part, as] of typed) at = wire.fill(part, as, data, at);
      if (kind.name === 'float16') for (let i = 0; i < size; i++) data[i] = halfFloat(data[i]! & 0xffff);
    } else {
      const run = wire.run(raw);
      const view = new DataView(run.buffer, run.byteOffset, run.length);
      for (let i = 0; i < size; i++) data[i] = kind.read(view, i * kind.bytes);
    }
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) return fail(`value ${bad} is ${data[bad]}, expected a finite number`);
  return { name, array: { dims, data } };
}
