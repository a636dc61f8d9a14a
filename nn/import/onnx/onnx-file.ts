import { wholeOf } from '../../../core/byte-range.ts';
import { PolicyFileError, UnknownNameError } from '../../../core/errors.ts';
import { constantLayer, diagonalLayer, stacked } from '../dense.ts';
import type { ImportOptions, ImportedLayer, ImportedModel, Importer } from '../imported-model.ts';
import { mostWeights } from '../weight-limits.ts';
import { Allowance } from './arithmetic.ts';
import { evaluateGraph } from './evaluate.ts';
import type { OnnxGraph } from './graph.ts';
import { layersOf } from './layers.ts';
import { readOnnxModel } from './model.ts';
import { Operator } from './operator.ts';
import { readingOf } from './reading.ts';
import { grantOf, traceGraph } from './trace.ts';

/** Bytes of a file: as many weights as there may be in float32, and what names them. */
const longest = 4 * mostWeights + 2 ** 22;

/** An ONNX model whose graph a sequence of dense layers can stand for. */
export const onnxFile: Importer = {
  title: 'ONNX: a graph of dense layers (.onnx)',
  detect: ({ name }) => name.endsWith('.onnx'),
  read({ name, bytes }, options) {
    if (bytes.length > longest)
      throw new PolicyFileError(`has ${bytes.length} bytes, expected at most ${longest}`, { place: { file: name } });
    return importGraph(readOnnxModel(wholeOf(bytes), name), options);
  },
};

/**
 * A graph as dense layers under a head.
 * @throws {PolicyFileError} naming the node that no dense layers can stand for, {ConfigError} when the options do not fit the graph
 */
export function importGraph(graph: OnnxGraph, options: ImportOptions): ImportedModel {
  const notes: string[] = [];
  const output = outputOf(graph, options, notes);
  const allowance = new Allowance(grantOf(graph));
  const traced = traceGraph(graph, output, allowance);
  const node = graph.nodes.findLast((one) => one.outputs.includes(output));
  if (traced.kind === 'constant' || node === undefined)
    throw new PolicyFileError(`output '${output}' does not depend on the observation`, { place: { file: graph.file } });
  const operator = new Operator(graph, node);
  const { affine, probes, scale, shift, chosen } = readingOf(operator, traced, options);
  const { layers, normaliser } = layersOf(affine);
  if (normaliser !== undefined) notes.push('What the graph does to the observation became the normaliser.');
  return {
    origin: graph.producer === '' ? 'ONNX' : `ONNX of ${graph.producer}`,
    layers: chosen.logStd === null ? layers : withLogStd(layers, chosen.logStd),
    head: chosen.head,
    normaliser,
    restore: { scale, shift },
    evaluate: (observation) =>
      Float64Array.from(probes.flatMap((probe) => [...evaluateGraph(graph, probe, observation, 1)])),
    notes: [...notes, ...chosen.notes],
  };
}

/** The output that is imported: the one that the options name, else the first. */
function outputOf(graph: OnnxGraph, { net }: ImportOptions, notes: string[]): string {
  const names = graph.outputs.map(({ name }) => name);
  if (net !== undefined) {
    if (!names.includes(net)) throw new UnknownNameError('graph output', net, names, { file: graph.file });
    return net;
  }
  const [first] = names;
  if (first === undefined) throw new PolicyFileError('the graph has no output', { place: { file: graph.file } });
  if (names.length > 1)
    notes.push(`Of the graph’s outputs ${names.join(', ')} the first is taken (--net says another).`);
  return first;
}

/** The layers with rows of constants beside the means, in a layer of their own where the last one's activation is of the means alone. */
function withLogStd(layers: readonly ImportedLayer[], logStd: number): readonly ImportedLayer[] {
  const last = layers.at(-1)!;
  const means = last.activation === 'linear' ? last : unchanged(last.outputs);
  const below = last.activation === 'linear' ? layers.slice(0, -1) : layers;
  return [...below, stacked(means, constantLayer(means.inputs, Array<number>(means.outputs).fill(logStd)))];
}

function unchanged(width: number): ImportedLayer {
  return diagonalLayer(new Float64Array(width).fill(1), new Float64Array(width));
}
