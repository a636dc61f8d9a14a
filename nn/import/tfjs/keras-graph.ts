import { PolicyFileError } from '../../../core/errors.ts';
import type { NumberArray } from '../onnx/array.ts';
import type { Attribute, OnnxGraph, OnnxNode } from '../onnx/graph.ts';
import type { KerasLayer } from './keras.ts';

/** Operators for what Keras calls an activation. */
const activations: Readonly<Record<string, readonly string[]>> = {
  linear: [],
  relu: ['Relu'],
  tanh: ['Tanh'],
  sigmoid: ['Sigmoid'],
  elu: ['Elu'],
  softmax: ['Softmax'],
  silu: ['Sigmoid', 'Mul'],
  swish: ['Sigmoid', 'Mul'],
};

const known = 'InputLayer, Dense, Activation, ReLU, ELU, Softmax, Dropout, Flatten, Normalization, Rescaling';

/**
 * A chain of Keras layers as the graph of operators that it is, for the same reader, evaluator and messages as an ONNX file.
 * @throws {PolicyFileError} naming the layer that has another type, another activation or no weights.
 */
export function kerasGraph(
  layers: readonly KerasLayer[],
  weights: ReadonlyMap<string, NumberArray>,
  file: string,
): OnnxGraph {
  const nodes: OnnxNode[] = [];
  const constants = new Map<string, NumberArray>();
  let value = 'observation';
  let shape: readonly (number | string)[] | undefined;

  for (const layer of layers) {
    const { type, name, config } = layer;
    const fail = (message: string): never => {
      throw new PolicyFileError(`layer '${name}' (${type}): ${message}`, { place: { file } });
    };
    const apply = (
      operator: string,
      others: readonly string[] = [],
      attributes: readonly [string, number][] = [],
    ): void => {
      const output = `${name}/${nodes.length}`;
      nodes.push({
        name,
        operator,
        domain: '',
        inputs: [value, ...others],
        outputs: [output],
        attributes: new Map(
          attributes.map(([key, number]): [string, Attribute] => [key, { kind: 'real', value: number }]),
        ),
        byte: undefined,
      });
      value = output;
    };
    const weight = (of: string): string => {
      const found = find(weights, name, of) ?? fail(`there are no weights '${name}/${of}'`);
      constants.set(`${name}/${of}`, found);
      return `${name}/${of}`;
    };
    const constant = (of: string, array: NumberArray): string => {
      constants.set(`${name}/${of}`, array);
      return `${name}/${of}`;
    };
    const activate = (given: unknown): void => {
      // Keras 3 and TensorFlow.js write a name, or an object with one.
      const called =
        typeof given === 'object' && given !== null ? (given as { class_name?: unknown }).class_name : given;
      const activation = typeof called === 'string' ? called.toLowerCase() : 'linear';
      const operators = Object.hasOwn(activations, activation) ? activations[activation] : undefined;
      if (operators === undefined)
        return fail(`activation '${activation.slice(0, 60)}', expected ${Object.keys(activations).join(', ')}`);
      const before = value;
      for (const operator of operators) apply(operator, operator === 'Mul' ? [before] : []);
    };

    const given = config['batch_input_shape'] ?? config['batch_shape'];
    if (shape === undefined && Array.isArray(given))
      shape = given.map((size: unknown) => (typeof size === 'number' ? size : ''));
    switch (type) {
      case 'InputLayer':
        break;
      case 'Dense':
        apply('MatMul', [weight('kernel')]);
        if (config['use_bias'] !== false) apply('Add', [weight('bias')]);
        activate(config['activation']);
        break;
      case 'Activation':
        activate(config['activation']);
        break;
      case 'ReLU':
        if (
          (config['max_value'] ?? null) !== null ||
          Number(config['negative_slope'] ?? 0) !== 0 ||
          Number(config['threshold'] ?? 0) !== 0
        )
          fail('a limit, a slope or a threshold, expected none');
        apply('Relu');
        break;
      case 'ELU':
        apply('Elu', [], [['alpha', Number(config['alpha'] ?? 1)]]);
        break;
      case 'Softmax':
        apply('Softmax');
        break;
      case 'Dropout':
        apply('Identity');
        break;
      case 'Flatten':
        apply('Flatten');
        break;
      case 'Normalization': {
        // Keras divides by max(√variance, 1e-7).
        const variance = find(weights, name, 'variance') ?? numbers(config['variance']) ?? fail('no variance');
        const mean = find(weights, name, 'mean') ?? numbers(config['mean']) ?? fail('no mean');
        if (config['invert'] === true) fail('inverted');
        const deviation = {
          dims: variance.dims,
          data: Float64Array.from(variance.data, (one) => Math.max(Math.sqrt(one), 1e-7)),
        };
        apply('Sub', [constant('mean', mean)]);
        apply('Div', [constant('deviation', deviation)]);
        break;
      }
      case 'Rescaling':
        apply('Mul', [constant('scale', numbers(config['scale']) ?? fail('no scale'))]);
        apply('Add', [constant('offset', numbers(config['offset'] ?? 0) ?? fail('an offset that is no number'))]);
        break;
      default:
        fail(`a layer that cannot be imported; expected ${known}`);
    }
  }
  if (shape === undefined)
    throw new PolicyFileError('no layer says what the input’s shape is', { place: { file, path: '/modelTopology' } });
  return {
    file,
    producer: 'TensorFlow.js layers',
    opset: 13,
    nodes,
    constants,
    inputs: [{ name: 'observation', dims: shape }],
    outputs: [{ name: value, dims: undefined }],
  };
}

/** A layer's tensor, whatever Keras put before and after its name. */
function find(weights: ReadonlyMap<string, NumberArray>, layer: string, of: string): NumberArray | undefined {
  const own = `${layer}/${of}`;
  for (const [name, array] of weights) {
    const bare = name.replace(/:0$/, '');
    if (bare === own || bare.endsWith(`/${own}`)) return array;
  }
  return undefined;
}

/** A number, or a list of them in lists, as a row. */
function numbers(value: unknown): NumberArray | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return { dims: [], data: Float64Array.of(value) };
  if (!Array.isArray(value)) return undefined;
  const row = value.length === 1 && Array.isArray(value[0]) ? (value[0] as unknown[]) : (value as unknown[]);
  if (!row.every((one): one is number => typeof one === 'number' && Number.isFinite(one))) return undefined;
  return { dims: [row.length], data: Float64Array.from(row) };
}
