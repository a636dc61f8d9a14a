import { z } from 'zod';
import { wholeOf } from '../../../core/byte-range.ts';
import { PolicyFileError } from '../../../core/errors.ts';
import type { ImportSource, Importer } from '../imported-model.ts';
import { importGraph } from '../onnx/onnx-file.ts';
import { kerasGraph } from './keras-graph.ts';
import { kerasLayers, kerasTopology } from './keras.ts';
import { readWeights, weightsManifest } from './weights.ts';

const modelJson = z.object({
  format: z.string().optional(),
  modelTopology: kerasTopology,
  weightsManifest,
});

/** The longest description that is read: weights are elsewhere, and a dense layer takes a kilobyte. */
const longest = 2 ** 18;

/** A TensorFlow.js layers model: model.json and the shards that it names, beside it. */
export const tfjsLayers: Importer = {
  title: 'TensorFlow.js layers model (model.json with its weights beside it)',
  detect: ({ name, bytes }) =>
    name.endsWith('.json') &&
    new TextDecoder().decode(bytes.subarray(0, Math.min(longest, bytes.length))).includes('"weightsManifest"'),
  read(source, options) {
    const { modelTopology, weightsManifest } = parse(source);
    const layers = kerasLayers(modelTopology, source.name);
    return importGraph(kerasGraph(layers, readWeights(source, weightsManifest), source.name), options);
  },
};

function parse({ name, bytes }: ImportSource): z.infer<typeof modelJson> {
  const fail = (message: string, cause?: unknown): never => {
    throw new PolicyFileError(message, { place: { file: name }, cause });
  };
  if (bytes.length > longest) fail(`has ${bytes.length} bytes, expected at most ${longest}`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(wholeOf(bytes)));
  } catch (cause) {
    return fail(`is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined;
  if (format === 'graph-model')
    fail('is a graph model, expected a layers model (convert with --output_format tfjs_layers_model, or use ONNX)');
  const parsed = modelJson.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return fail(`/${issue!.path.join('/')}: ${issue!.message}`, parsed.error);
  }
  return parsed.data;
}
