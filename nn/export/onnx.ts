import type { LayerSpec, Normaliser, PolicyCard } from '../../core/policy.ts';
import { headActions } from '../../core/policy.ts';
import type { Policy } from '../policy.ts';
import { bytesField, floatBytes, joined, numberField, textField } from './protobuf.ts';
import type { Message } from './protobuf.ts';

/** Of the operators used here, all are as opset 13 has them; ONNX 1.8 and later read the file. */
const opset = 13;
const irVersion = 7;

interface Graph {
  readonly nodes: Message[];
  readonly constants: Message[];
}

/**
 * A policy as an ONNX model: `observation` [N, O] as the environment normalises it → `outputs` [N, K], the raw inputs of the head, and where
 * asked for `action` [N, A], the deterministic action in physical units.
 *
 * Source: onnx/onnx.proto; operators of opset 13.
 */
export function onnxModel({ card, network }: Policy, withAction: boolean): Uint8Array {
  const parameters = new Float32Array(network.size);
  network.readParameters(parameters);
  const graph: Graph = { nodes: [], constants: [] };
  const { normaliser, features } = card.observation;
  let value = normaliser === undefined ? 'observation' : standardise(graph, normaliser);
  let offset = 0;
  card.layers.forEach((layer, l) => {
    const weight = parameters.subarray(offset, (offset += layer.inputs * layer.outputs));
    const bias = parameters.subarray(offset, (offset += layer.outputs));
    value = dense(graph, layer, l, value, weight, bias, l === card.layers.length - 1);
  });
  if (withAction) act(graph, card);
  const body: Message = [
    ...graph.nodes.map((node) => bytesField(1, node)),
    textField(2, card.name),
    ...graph.constants.map((constant) => bytesField(5, constant)),
    bytesField(11, valueInfo('observation', features.length)),
    bytesField(12, valueInfo('outputs', network.outputs)),
    ...(withAction ? [bytesField(12, valueInfo('action', headActions(card.head)))] : []),
  ];
  return joined([
    numberField(1, irVersion),
    textField(2, 'faultline'),
    bytesField(7, body),
    bytesField(8, [textField(1, ''), numberField(2, opset)]),
  ]);
}

/** `clip((x − mean) / √(variance + epsilon), ±clip)` */
function standardise(graph: Graph, { mean, variance, epsilon, clip }: Normaliser): string {
  constant(graph, 'normaliser.mean', [1, mean.length], mean);
  constant(
    graph,
    'normaliser.deviation',
    [1, mean.length],
    variance.map((one) => Math.sqrt(one + epsilon)),
  );
  constant(graph, 'normaliser.low', [], [-clip]);
  constant(graph, 'normaliser.high', [], [clip]);
  node(graph, 'Sub', ['observation', 'normaliser.mean'], 'centred');
  node(graph, 'Div', ['centred', 'normaliser.deviation'], 'scaled');
  node(graph, 'Clip', ['scaled', 'normaliser.low', 'normaliser.high'], 'normalised');
  return 'normalised';
}

function dense(
  graph: Graph,
  { inputs, outputs, activation }: LayerSpec,
  l: number,
  input: string,
  weight: Float32Array,
  bias: Float32Array,
  last: boolean,
): string {
  constant(graph, `layers.${l}.weight`, [inputs, outputs], weight);
  constant(graph, `layers.${l}.bias`, [outputs], bias);
  const after = last ? 'outputs' : `layers.${l}`;
  const before = activation === 'linear' ? after : `layers.${l}.affine`;
  node(graph, 'Gemm', [input, `layers.${l}.weight`, `layers.${l}.bias`], before);
  if (activation === 'silu') {
    node(graph, 'Sigmoid', [before], `layers.${l}.sigmoid`);
    node(graph, 'Mul', [before, `layers.${l}.sigmoid`], after);
  } else if (activation !== 'linear')
    node(graph, { relu: 'Relu', tanh: 'Tanh', elu: 'Elu' }[activation], [before], after);
  return after;
}

/** The head's deterministic action from `outputs`, as `decodeAction` has it. */
function act(graph: Graph, { head, layers }: PolicyCard): void {
  if (head.kind === 'categorical') {
    constant(graph, 'values', [head.values.length, 1], head.values);
    node(graph, 'ArgMax', ['outputs'], 'choice', [intAttribute('axis', 1), intAttribute('keepdims', 0)]);
    node(graph, 'Gather', ['values', 'choice'], 'action');
    return;
  }
  const { low, high } = head;
  const means = layers.at(-1)!.outputs > low.length ? 'means' : 'outputs';
  if (means === 'means') {
    wholeNumbers(graph, 'starts', [0]);
    wholeNumbers(graph, 'ends', [low.length]);
    wholeNumbers(graph, 'axes', [1]);
    node(graph, 'Slice', ['outputs', 'starts', 'ends', 'axes'], 'means');
  }
  if (head.kind !== 'squashed-gaussian') constant(graph, 'low', [1, low.length], low);
  const span = low.map((bound, a) => high[a]! - bound);
  if (head.kind === 'deterministic') {
    constant(graph, 'high', [1, high.length], high);
    node(graph, 'Max', [means, 'low'], 'above');
    node(graph, 'Min', ['above', 'high'], 'action');
  } else if (head.kind === 'gaussian') {
    constant(graph, 'zero', [], [0]);
    constant(graph, 'one', [], [1]);
    constant(graph, 'span', [1, span.length], span);
    node(graph, 'Clip', [means, 'zero', 'one'], 'unit');
    node(graph, 'Mul', ['unit', 'span'], 'stretched');
    node(graph, 'Add', ['stretched', 'low'], 'action');
  } else {
    const half = span.map((width) => width / 2);
    constant(graph, 'half', [1, half.length], half);
    constant(
      graph,
      'middle',
      [1, half.length],
      low.map((bound, a) => bound + half[a]!),
    );
    node(graph, 'Tanh', [means], 'squashed');
    node(graph, 'Mul', ['squashed', 'half'], 'stretched');
    node(graph, 'Add', ['stretched', 'middle'], 'action');
  }
}

/** NodeProto */
function node(
  graph: Graph,
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: readonly Message[] = [],
): void {
  graph.nodes.push([
    ...inputs.map((name) => textField(1, name)),
    textField(2, output),
    textField(3, `${operator}_${output}`),
    textField(4, operator),
    ...attributes.map((attribute) => bytesField(5, attribute)),
  ]);
}

/** AttributeProto of type INT */
function intAttribute(name: string, value: number): Message {
  return [textField(1, name), numberField(3, value), numberField(20, 2)];
}

/** TensorProto of type FLOAT */
function constant(graph: Graph, name: string, dims: readonly number[], values: ArrayLike<number>): void {
  graph.constants.push([
    ...dims.map((size) => numberField(1, size)),
    numberField(2, 1),
    textField(8, name),
    bytesField(9, floatBytes(values)),
  ]);
}

/** TensorProto of type INT64, of numbers that are not negative */
function wholeNumbers(graph: Graph, name: string, values: readonly number[]): void {
  graph.constants.push([
    numberField(1, values.length),
    numberField(2, 7),
    ...values.map((value) => numberField(7, value)),
    textField(8, name),
  ]);
}

/** ValueInfoProto of float rows, as many as there are. */
function valueInfo(name: string, width: number): Message {
  const shape: Message = [bytesField(1, [textField(2, 'N')]), bytesField(1, [numberField(1, width)])];
  return [textField(1, name), bytesField(2, [bytesField(1, [numberField(1, 1), bytesField(2, shape)])])];
}
