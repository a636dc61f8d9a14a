import { z } from 'zod';
import { PolicyFileError } from '../../../core/errors.ts';
import { floatsOf, halfFloat } from '../../../core/float-bytes.ts';
import type { ImportSource } from '../imported-model.ts';
import { shapeText, sizeOf } from '../onnx/array.ts';
import type { NumberArray } from '../onnx/array.ts';
import { mostWeights } from '../weight-limits.ts';

const dtype = z.enum(['float32', 'float16', 'int32', 'uint16', 'uint8', 'bool']);

/** What `weightsManifest` of a model.json says. */
export const weightsManifest = z
  .array(
    z.object({
      paths: z.array(z.string().min(1)).min(1).max(10_000),
      weights: z
        .array(
          z.object({
            name: z.string().min(1).max(4096),
            shape: z
              .array(
                z
                  .int()
                  .min(0)
                  .max(2 ** 24),
              )
              .max(8),
            dtype: z.string(),
            quantization: z.object({ dtype, scale: z.number().optional(), min: z.number().optional() }).optional(),
          }),
        )
        .max(10_000),
    }),
  )
  .max(1000);

const bytesOf: Readonly<Record<z.infer<typeof dtype>, number>> = {
  float32: 4,
  float16: 2,
  int32: 4,
  uint16: 2,
  uint8: 1,
  bool: 1,
};

/**
 * The weights of a TensorFlow.js model: the shards of each group end to end, its tensors one after another in them. Quantised ones are
 * `q·scale + min`.
 *
 * Source: tfjs-core/src/io/types.ts (WeightsManifestConfig) and io_utils.ts (decodeWeights).
 * @throws {PolicyFileError} naming the shard that is missing, or the tensor whose type or values are not what they should be.
 */
export function readWeights(
  source: ImportSource,
  manifest: z.infer<typeof weightsManifest>,
): ReadonlyMap<string, NumberArray> {
  const tensors = new Map<string, NumberArray>();
  let values = 0;
  let bytesRead = 0;
  for (const group of manifest) {
    const shards = group.paths.map((path) => {
      const shard = source.companion(path);
      if (shard === undefined)
        throw new PolicyFileError(`weights '${path}' are not beside it`, { place: { file: source.name } });
      // As they come: the same shard named a thousand times must not be joined first.
      if ((bytesRead += shard.length) > 4 * mostWeights)
        throw new PolicyFileError(`weights '${path}' make it more than ${4 * mostWeights} bytes`, {
          place: { file: source.name },
        });
      return shard;
    });
    const data = joined(shards);
    let at = 0;
    for (const { name, shape, dtype: original, quantization } of group.weights) {
      const fail = (message: string): never => {
        throw new PolicyFileError(`weights '${name}': ${message}`, { place: { file: source.name } });
      };
      const type = dtype.safeParse(quantization?.dtype ?? original);
      if (!type.success) return fail(`type ${quantization?.dtype ?? original}, expected ${dtype.options.join(', ')}`);
      const size = sizeOf(shape);
      if ((values += size) > mostWeights) fail(`more than ${mostWeights} weights in all`);
      const bytes = size * bytesOf[type.data];
      if (bytes > data.length - at)
        fail(`${shapeText(shape)} needs ${bytes} bytes, the shards hold ${data.length - at} more`);
      const own = data.subarray(at, at + bytes);
      const [scale, min] = [quantization?.scale ?? 1, quantization?.min ?? 0];
      const plain = type.data === 'float32' && scale === 1 && min === 0;
      const array = plain ? floatsOf(own) : new Float64Array(size);
      const view = new DataView(own.buffer, own.byteOffset, bytes);
      for (let i = 0; i < size; i++) {
        const value = plain ? array[i]! : readers[type.data](view, i) * scale + min;
        if (!Number.isFinite(value)) fail(`value ${i} is ${value}, expected a finite number`);
        if (!plain) array[i] = value;
      }
      tensors.set(name, { dims: shape, data: array });
      at += bytes;
    }
    if (at !== data.length)
      throw new PolicyFileError(`weights '${group.paths.join(', ')}' hold ${data.length} bytes, expected ${at}`, {
        place: { file: source.name },
      });
  }
  return tensors;
}

const readers: Readonly<Record<z.infer<typeof dtype>, (view: DataView, i: number) => number>> = {
  float32: (view, i) => view.getFloat32(4 * i, true),
  float16: (view, i) => halfFloat(view.getUint16(2 * i, true)),
  int32: (view, i) => view.getInt32(4 * i, true),
  uint16: (view, i) => view.getUint16(2 * i, true),
  uint8: (view, i) => view.getUint8(i),
  bool: (view, i) => view.getUint8(i),
};

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
