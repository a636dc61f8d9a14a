import { describe, expect, it } from 'vitest';
import { PolicyFileError } from '../../../../core/errors.ts';
import { evaluateLayers } from '../../../../nn/import/dense.ts';
import type { ImportOptions, ImportedModel } from '../../../../nn/import/imported-model.ts';
import { normalise } from '../../../../nn/import/normalise.ts';
import { onnxFile } from '../../../../nn/import/onnx/onnx-file.ts';
import { model, node, tensor } from '../../../support/onnx-file.ts';
import type { ModelOptions, NodeOptions } from '../../../support/onnx-file.ts';

const categorical: ImportOptions = { head: 'categorical' };
const x = Float64Array.of(0.3, -1.2, 2);

function read(
  options: Omit<ModelOptions, 'nodes'> & { nodes: readonly NodeOptions[] },
  how = categorical,
): ImportedModel {
  const bytes = model({ ...options, nodes: options.nodes.map(node) });
  return onnxFile.read({ name: 'test.onnx', bytes, companion: () => undefined, inflate: () => bytes }, how);
}

/** Our layers' outputs, checked against the graph's own evaluation. */
function outputs(imported: ImportedModel, input = x): number[] {
  const { layers, normaliser, restore } = imported;
  const ours = evaluateLayers(layers, normaliser === undefined ? input : normalise(normaliser, input));
  const source = imported.evaluate(input);
  source.forEach((value, k) => expect(restore!.scale[k]! * ours[k]! + restore!.shift[k]!).toBeCloseTo(value, 10));
  return [...ours];
}

const near = (got: readonly number[], expected: readonly number[]): void => {
  expect(got.length).toBe(expected.length);
  expected.forEach((value, i) => expect(got[i]).toBeCloseTo(value, 6));
};

const w = [1, 2, 3, 4, 5, 6]; // [3, 2]
const weight = tensor('w', [3, 2], w);
const dot = (column: number): number => x.reduce((sum, value, i) => sum + value * w[2 * i + column]!, 0);
const layer = { operator: 'MatMul', inputs: ['x', 'w'], output: 'h' };

describe('what a graph of dense layers may be made of', () => {
  it('Gemm with every attribute', () => {
    const transposed = tensor('v', [2, 3], [1, 3, 5, 2, 4, 6]);
    const imported = read({
      nodes: [
        {
          operator: 'Gemm',
          inputs: ['x', 'v', 'c'],
          output: 'y',
          attributes: { alpha: { real: 0.5 }, beta: { real: 3 }, transB: 1 },
        },
      ],
      tensors: [transposed, tensor('c', [1, 2], [10, -10])],
    });
    near(outputs(imported), [0.5 * dot(0) + 30, 0.5 * dot(1) - 30]);
  });

  it.each(['raw', 'typed', 'double', 'half'] as const)('weights as %s', (storage) => {
    const imported = read({ nodes: [{ ...layer, output: 'y' }], tensors: [tensor('w', [3, 2], w, storage)] });
    near(outputs(imported), [dot(0), dot(1)]);
    expect(w.map((_, at) => imported.layers[0]!.weight(at >> 1, at % 2))).toEqual(w);
  });

  it('a run of linear operators is one layer', () => {
    const imported = read({
      nodes: [
        layer,
        { operator: 'Add', inputs: ['two', 'h'], output: 'a' },
        { operator: 'Neg', inputs: ['a'], output: 'n' },
        { operator: 'Mul', inputs: ['n', 'row'], output: 'm' },
        { operator: 'Sub', inputs: ['one', 'm'], output: 's' },
        { operator: 'Div', inputs: ['s', 'two'], output: 'd' },
        { operator: 'Identity', inputs: ['d'], output: 'y' },
      ],
      tensors: [weight, tensor('two', [], [2]), tensor('one', [1], [1]), tensor('row', [1, 2], [3, -1])],
    });
    expect(imported.layers).toHaveLength(1);
    near(outputs(imported), [(1 + 3 * (dot(0) + 2)) / 2, (1 - (dot(1) + 2)) / 2]);
  });

  it('limits of the observation that are not symmetric, per feature', () => {
    const nodes = [
      { operator: 'Max', inputs: ['x', 'low'], output: 'm' },
      { operator: 'Min', inputs: ['m', 'high'], output: 'c' },
      { ...layer, inputs: ['c', 'w'], output: 'y' },
    ];
    const imported = read({
      nodes,
      tensors: [weight, tensor('low', [3], [-1, -1, 0]), tensor('high', [3], [0, 4, 1])],
    });
    near(outputs(imported), [-1 * 3 + 1 * 5, -1 * 4 + 1 * 6]);
    expect(imported.normaliser).toBeDefined();
  });

  it('a normaliser with a negative factor, and one with a factor of 0', () => {
    const scaled = (factors: readonly number[]): ImportedModel =>
      read({
        nodes: [
          { operator: 'Mul', inputs: ['x', 's'], output: 'm' },
          { ...layer, inputs: ['m', 'w'], output: 'y' },
        ],
        tensors: [weight, tensor('s', [3], factors)],
      });
    near(outputs(scaled([2, -3, 1])), [0.3 * 2 + 1.2 * 9 + 10, 0.3 * 4 + 1.2 * 12 + 12]);
    const folded = scaled([2, 0, 1]);
    near(outputs(folded), [0.6 + 10, 1.2 + 12]);
    expect(folded.normaliser).toBeUndefined();
  });

  it('a list of actions by the best score', () => {
    const imported = read(
      {
        nodes: [
          layer,
          { operator: 'ArgMax', inputs: ['h'], output: 'i', attributes: { axis: -1, keepdims: 0 } },
          { operator: 'Gather', inputs: ['table', 'i'], output: 'y' },
        ],
        tensors: [weight, tensor('table', [2], [-0.5, 0.75])],
      },
      {},
    );
    expect(imported.head).toEqual({ kind: 'categorical', values: [-0.5, 0.75] });
    near(outputs(imported), [dot(0), dot(1)]);
  });

  it('actions evenly spaced: arithmetic on the index', () => {
    const imported = read(
      {
        nodes: [
          layer,
          { operator: 'ArgMax', inputs: ['h'], output: 'i', attributes: { axis: 1 } },
          { operator: 'Cast', inputs: ['i'], output: 'f', attributes: { to: 1 } },
          { operator: 'Mul', inputs: ['f', 'step'], output: 'm' },
          { operator: 'Add', inputs: ['m', 'low'], output: 'y' },
        ],
        tensors: [weight, tensor('step', [], [0.5]), tensor('low', [1], [-0.25])],
      },
      {},
    );
    expect(imported.head).toEqual({ kind: 'categorical', values: [-0.25, 0.25] });
  });

  it('limits that are stretched afterwards', () => {
    const imported = read(
      {
        nodes: [
          layer,
          { operator: 'Clip', inputs: ['h', 'm', 'p'], output: 'c' },
          { operator: 'Mul', inputs: ['c', 'k'], output: 'y' },
        ],
        tensors: [weight, tensor('m', [], [-1]), tensor('p', [], [3]), tensor('k', [2], [2, -2])],
      },
      {},
    );
    expect(imported.head).toEqual({ kind: 'deterministic', low: [-2, -6], high: [6, 2] });
    near(outputs(imported), [2 * dot(0), -2 * dot(1)]);
  });

  it('Clip of opset 6 has its limits in attributes', () => {
    const imported = read(
      {
        opset: 9,
        nodes: [
          layer,
          { operator: 'Clip', inputs: ['h'], output: 'y', attributes: { min: { real: -1 }, max: { real: 0.5 } } },
        ],
        tensors: [weight],
      },
      {},
    );
    expect(imported.head).toEqual({ kind: 'deterministic', low: [-1, -1], high: [0.5, 0.5] });
  });

  it('a Gaussian’s mean in physical units becomes ours on the scale from 0 to 1', () => {
    const imported = read(
      { nodes: [{ ...layer, output: 'y' }], tensors: [weight] },
      { head: 'gaussian', low: [-2, 0], high: [2, 10] },
    );
    near(outputs(imported).slice(0, 2), [(dot(0) + 2) / 4, dot(1) / 10]);
  });

  it('constants beside the mean are a log standard deviation', () => {
    const imported = read(
      {
        nodes: [layer, { operator: 'Concat', inputs: ['h', 's'], output: 'y', attributes: { axis: 1 } }],
        tensors: [weight, tensor('s', [1, 2], [-1, -2])],
      },
      { head: 'squashed-gaussian', low: [0, 0], high: [1, 1] },
    );
    near(outputs(imported), [dot(0), dot(1), -1, -2]);
  });

  it('a Reshape to as many rows as there are, whatever says how many', () => {
    const imported = read({
      input: ['batch', 1, 3],
      nodes: [
        { operator: 'Shape', inputs: ['x'], output: 'shape' },
        { operator: 'Gather', inputs: ['shape', 'zero'], output: 'n', attributes: { axis: 0 } },
        { operator: 'Unsqueeze', inputs: ['n', 'axis'], output: 'u' },
        { operator: 'Concat', inputs: ['u', 'rest'], output: 'to', attributes: { axis: 0 } },
        { operator: 'Reshape', inputs: ['x', 'to'], output: 'flat' },
        { ...layer, inputs: ['flat', 'w'], output: 'y' },
      ],
      tensors: [
        weight,
        tensor('zero', [], [0], 'int64'),
        tensor('axis', [1], [0], 'int64-typed'),
        tensor('rest', [1], [-1], 'int64-typed'),
      ],
    });
    near(outputs(imported), [dot(0), dot(1)]);
  });
});

describe('what no sequence of dense layers can stand for is said by name', () => {
  const refuse = (nodes: readonly NodeOptions[], expected: RegExp, tensors = [weight]): void => {
    expect(() => read({ nodes, tensors })).toThrow(expected);
  };

  it.each<readonly [string, NodeOptions, RegExp]>([
    [
      'another operator',
      { operator: 'LSTM', inputs: ['h'], output: 'y' },
      /node 'node_y' \(LSTM\): .*Supported: Add, ArgMax.*onnxruntime-node/,
    ],
    ['another domain', { operator: 'Relu', inputs: ['h'], output: 'y', domain: 'com.evil' }, /\(com\.evil\.Relu\)/],
    ['an operator called like a property', { operator: 'constructor', inputs: ['h'], output: 'y' }, /\(constructor\)/],
    [
      'ELU of another alpha',
      { operator: 'Elu', inputs: ['h'], output: 'y', attributes: { alpha: { real: 2 } } },
      /alpha 2, expected 1/,
    ],
    ['a product of values', { operator: 'Mul', inputs: ['h', 'x'], output: 'y' }, /only x·Sigmoid\(x\)/],
    ['a division by a value', { operator: 'Div', inputs: ['w', 'h'], output: 'y' }, /divides by something/],
    [
      'a value that nothing writes',
      { operator: 'Relu', inputs: ['nowhere'], output: 'y' },
      /reads 'nowhere', which nothing before it writes/,
    ],
    ['itself', { operator: 'Relu', inputs: ['y'], output: 'y' }, /reads 'y', which nothing before it writes/],
    [
      'a softmax of columns',
      { operator: 'Softmax', inputs: ['h'], output: 'y', attributes: { axis: 0 } },
      /along axis 0/,
    ],
    [
      'branches of different depth',
      { operator: 'Concat', inputs: ['x', 'r'], output: 'y', attributes: { axis: 1 } },
      /branches of different depth/,
    ],
  ])('%s', (_, last, expected) => {
    refuse([layer, { operator: 'Relu', inputs: ['h'], output: 'r' }, last], expected);
  });

  it('limits in the middle, and on one side', () => {
    const clip = { operator: 'Max', inputs: ['h', 'zero'], output: 'c' };
    const tensors = [weight, tensor('zero', [], [0])];
    refuse(
      [layer, clip, { operator: 'Tanh', inputs: ['c'], output: 'y' }],
      /only the observation and the action may be/,
      tensors,
    );
    refuse([layer, { ...clip, output: 'y' }], /limited to 0 … Infinity, expected two finite limits/, tensors);
    refuse(
      [
        { ...clip, inputs: ['x', 'zero'] },
        { ...layer, inputs: ['c', 'w'], output: 'y' },
      ],
      /one side only/,
      tensors,
    );
  });

  it('two nodes that read each other', () => {
    refuse(
      [
        { operator: 'Relu', inputs: ['b'], output: 'a' },
        { operator: 'Relu', inputs: ['a'], output: 'b' },
        { operator: 'Identity', inputs: ['b'], output: 'y' },
      ],
      /nothing before it writes/,
    );
  });

  it('a node that is not needed may be anything', () => {
    const imported = read(
      {
        nodes: [
          layer,
          { operator: 'Loop', inputs: ['h'], output: 'v' },
          { operator: 'Tanh', inputs: ['h'], output: 'y' },
        ],
        tensors: [weight],
      },
      {},
    );
    expect(imported.head.kind).toBe('squashed-gaussian');
  });

  it('an output that is not there is named beside those that are', () => {
    expect(() => read({ nodes: [{ ...layer, output: 'y' }], tensors: [weight] }, { net: 'z' })).toThrow(
      /graph output 'z'.*Known: y/,
    );
  });

  it('an output that does not depend on the observation', () => {
    expect(() => read({ nodes: [{ operator: 'Tanh', inputs: ['w'], output: 'y' }], tensors: [weight] })).toThrow(
      PolicyFileError,
    );
  });
});
