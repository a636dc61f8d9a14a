import { createRequire } from 'node:module';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Activation, Head, Normaliser } from '../../../core/policy.ts';
import { headActions, headOutputs } from '../../../core/policy.ts';
import { rng } from '../../../core/rng.ts';
import { onnxModel } from '../../../nn/export/onnx.ts';
import { stateDict } from '../../../nn/export/state-dict.ts';
import { composePolicy } from '../../../nn/import/compose.ts';
import { evaluateGraph } from '../../../nn/import/onnx/evaluate.ts';
import { readOnnxModel } from '../../../nn/import/onnx/model.ts';
import { onnxFile } from '../../../nn/import/onnx/onnx-file.ts';
import { safetensorsFile } from '../../../nn/import/safetensors-file.ts';
import { mlp, parameterCount } from '../../../nn/layers.ts';
import { loadPolicy, policyFiles } from '../../../nn/policy.ts';
import type { Policy } from '../../../nn/policy.ts';
import { readSafetensors, writeSafetensors } from '../../../nn/safetensors.ts';
import { decodeAction } from '../../../nn/victim.ts';

const hidden: readonly Activation[] = ['relu', 'tanh', 'silu', 'elu'];
const heads: readonly Head[] = [
  { kind: 'categorical', values: [-0.4, -0.1, 0.3, 0.9] },
  { kind: 'squashed-gaussian', low: [-0.8, 0], high: [0.8, 3] },
  { kind: 'gaussian', low: [-0.8, 0], high: [0.8, 3] },
  { kind: 'deterministic', low: [-0.2, -1], high: [0.1, 0.5] },
];
const normaliser: Normaliser = { mean: [1, -20, 0.3], variance: [4, 9, 0.01], epsilon: 1e-8, clip: 5 };

function policyOf(head: Head, activation: Activation, widths: readonly number[], normalised: boolean): Policy {
  const inputs = 3;
  const layers = mlp([inputs, ...widths, headOutputs(head)], activation);
  const draw = rng(widths.length + headOutputs(head));
  const { card, weights } = policyFiles(
    {
      name: 'test',
      observation: {
        features: Array.from({ length: inputs }, (_, i) => ({ name: `o${i}`, unit: '', low: 0, high: 1 })),
        normalisation: 'fixed',
        ...(normalised ? { normaliser } : {}),
      },
      action: {
        features: Array.from({ length: headActions(head) }, (_, a) => ({ name: `a${a}`, unit: '', low: -1, high: 3 })),
      },
      head,
      layers,
    },
    Float32Array.from({ length: parameterCount(layers) }, () => draw.normal() / 2),
  );
  return loadPolicy(card, weights, 'test');
}

const rows = 9;
const x = Float32Array.from({ length: rows * 3 }, (_, i) => Math.fround(2 * Math.sin(7 * i)));

function outputsOf(policy: Policy): Float32Array {
  const out = new Float32Array(rows * policy.network.outputs);
  policy.network.forward(x, rows, out);
  return out;
}

function expectNear(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(got.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(got[i]! - expected[i]!)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected[i]!)));
}

const anyPolicy = fc.record({
  head: fc.constantFrom(...heads),
  activation: fc.constantFrom(...hidden),
  widths: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 3 }),
  normalised: fc.boolean(),
});

describe('a policy as ONNX', () => {
  it('comes back the same from its own file', () => {
    fc.assert(
      fc.property(anyPolicy, ({ head, activation, widths, normalised }) => {
        using policy = policyOf(head, activation, widths, normalised);
        const bytes = onnxModel(policy, false);
        const source = { name: 'test.onnx', bytes, companion: () => undefined, inflate: () => bytes };
        // Raw outputs: a deterministic reading leaves them as they are, whatever the head was.
        const bounds = Array<number>(policy.network.outputs).fill(1);
        const model = onnxFile.read(source, { head: 'deterministic', low: bounds.map(() => -1), high: bounds });
        using back = loadPolicy(...filesOf(composePolicy(model, { name: 'back', reads: 'normalised' }).files));
        expect(back.card.layers).toEqual(policy.card.layers);
        expect(back.card.observation.normaliser === undefined).toBe(!normalised);
        expectNear(outputsOf(back), outputsOf(policy), 1e-6);
      }),
      { numRuns: 60 },
    );
  });

  it('puts out the action that our head decodes', () => {
    fc.assert(
      fc.property(anyPolicy, ({ head, activation, widths, normalised }) => {
        using policy = policyOf(head, activation, widths, normalised);
        const graph = readOnnxModel(onnxModel(policy, true), 'test.onnx');
        expect(graph.outputs.map((output) => output.name)).toEqual(['outputs', 'action']);
        const outputs = outputsOf(policy);
        expectNear(evaluateGraph(graph, 'outputs', x, rows), outputs, 1e-5);
        const action = new Float64Array(rows * headActions(head));
        decodeAction(head, outputs, rows, action);
        expectNear(evaluateGraph(graph, 'action', x, rows), action, 1e-5);
      }),
      { numRuns: 60 },
    );
  });

  it('with its action is imported as the head that it was', () => {
    for (const head of heads.filter(({ kind }) => kind !== 'gaussian')) {
      using policy = policyOf(head, 'tanh', [6], true);
      const bytes = onnxModel(policy, true);
      const source = { name: 'test.onnx', bytes, companion: () => undefined, inflate: () => bytes };
      const model = onnxFile.read(source, { net: 'action' });
      const float32 = (values: readonly number[]): number[] => values.map((value) => Math.fround(value));
      if (head.kind === 'categorical' && model.head.kind === 'categorical')
        expect(model.head.values).toEqual(float32(head.values));
      else if (head.kind !== 'categorical' && model.head.kind !== 'categorical') {
        expectNear(model.head.low, head.low, 1e-6);
        expectNear(model.head.high, head.high, 1e-6);
      }
      expect(model.head.kind).toBe(head.kind);
    }
  });

  it('is protocol buffers as another reader has them', () => {
    using policy = policyOf(heads[1]!, 'silu', [4], true);
    const model = decode(onnxModel(policy, true));
    const one = (fields: Decoded, number: number): Field => fields.find((field) => field.number === number)!;
    expect(one(model, 1).value).toBe(7); // ir_version
    const opset = decode(one(model, 8).bytes!);
    expect(one(opset, 2).value).toBe(13);
    const graph = decode(one(model, 7).bytes!);
    const operators = graph.filter(({ number }) => number === 1).map(({ bytes }) => text(one(decode(bytes!), 4)));
    expect(operators).toEqual(['Sub', 'Div', 'Clip', 'Gemm', 'Sigmoid', 'Mul', 'Gemm', 'Slice', 'Tanh', 'Mul', 'Add']);
    const tensors = graph.filter(({ number }) => number === 5).map(({ bytes }) => decode(bytes!));
    const first = tensors.find((tensor) => text(one(tensor, 8)) === 'layers.0.weight')!;
    expect(first.filter(({ number }) => number === 1).map(({ value }) => value)).toEqual([3, 4]);
    const raw = one(first, 9).bytes!;
    const parameters = new Float32Array(policy.network.size);
    policy.network.readParameters(parameters);
    expect(new Float32Array(raw.slice().buffer)).toEqual(parameters.subarray(0, 12));
  });

  const runtime = installed('onnxruntime-node');
  it.skipIf(runtime === null)('computes the same in onnxruntime (where onnxruntime-node is installed)', async () => {
    const { InferenceSession, Tensor } = (await import(runtime!)) as Runtime;
    for (const head of heads)
      for (const activation of hidden) {
        using policy = policyOf(head, activation, [8, 5], true);
        const session = await InferenceSession.create(onnxModel(policy, true));
        const results = await session.run({ observation: new Tensor('float32', x, [rows, 3]) });
        const outputs = outputsOf(policy);
        expectNear(results['outputs']!.data, outputs, 1e-5);
        const action = new Float64Array(rows * headActions(head));
        decodeAction(head, outputs, rows, action);
        expectNear(results['action']!.data, action, 1e-5);
      }
  });
});

describe('a policy as a state dict', () => {
  it('has PyTorch’s names and layout', () => {
    using policy = policyOf(heads[0]!, 'relu', [5], true);
    const tensors = readSafetensors(stateDict(policy), 'model.safetensors');
    expect([...tensors.keys()]).toEqual([
      '0.weight',
      '0.bias',
      '2.weight',
      '2.bias',
      'normaliser.mean',
      'normaliser.variance',
      'normaliser.clip',
    ]);
    expect(tensors.get('0.weight')!.shape).toEqual([5, 3]);
    // relu(z·W₀ᵀ + b₀)·W₁ᵀ + b₁ by hand
    const { mean, variance, epsilon, clip } = normaliser;
    const expected: number[] = [];
    const at = (name: string): Float32Array => tensors.get(name)!.data;
    for (let row = 0; row < rows; row++) {
      const z = mean.map((m, i) =>
        Math.min(clip, Math.max(-clip, (x[row * 3 + i]! - m) / Math.sqrt(variance[i]! + epsilon))),
      );
      const h = Array.from(at('0.bias'), (b, o) =>
        Math.max(
          0,
          z.reduce((sum, value, i) => sum + value * at('0.weight')[o * 3 + i]!, b),
        ),
      );
      for (let o = 0; o < 4; o++)
        expected.push(h.reduce((sum, value, i) => sum + value * at('2.weight')[o * 5 + i]!, at('2.bias')[o]!));
    }
    expectNear(outputsOf(policy), expected, 1e-5);
  });
});

it('a state dict comes back the same from its own file', () => {
  for (const activation of hidden)
    for (const [widths, normalised] of [
      [[], true],
      [[7], false],
      [[5, 9], true],
    ] as const) {
      using policy = policyOf(heads[0]!, activation, widths, normalised);
      const bytes = stateDict(policy);
      const source = { name: 'model.safetensors', bytes, companion: () => undefined, inflate: () => bytes };
      const model = safetensorsFile.read(source, { activation, head: 'categorical' });
      using back = loadPolicy(...filesOf(composePolicy(model, { name: 'back', reads: 'normalised' }).files));
      expect(back.card.layers).toEqual(policy.card.layers);
      const kept = back.card.observation.normaliser;
      expect(kept === undefined).toBe(!normalised);
      if (kept !== undefined) {
        expectNear(kept.mean, normaliser.mean, 1e-7);
        const variance = normaliser.variance.map((one) => one + normaliser.epsilon);
        expectNear(kept.variance, variance, 1e-7);
        expect(kept.clip).toBe(normaliser.clip);
      }
      expectNear(outputsOf(back), outputsOf(policy), normalised ? 1e-5 : 1e-6);
    }
});

it.each([
  ['normaliser.clip', undefined, /\/normaliser.clip: missing tensor/],
  ['normaliser.variance', { shape: [3], data: Float32Array.of(1, 0, 1) }, /number 1 is 0, expected more than 0/],
  ['normaliser.variance', { shape: [2], data: Float32Array.of(1, 1) }, /shape is \[2\], expected \[3\]/],
])('a state dict with a wrong %s is refused', (name, tensor, expected) => {
  using policy = policyOf(heads[0]!, 'relu', [4], true);
  const tensors = readSafetensors(stateDict(policy), 'model.safetensors');
  if (tensor === undefined) tensors.delete(name);
  else tensors.set(name, tensor);
  const bytes = writeSafetensors(tensors);
  const source = { name: 'model.safetensors', bytes, companion: () => undefined, inflate: () => bytes };
  expect(() => safetensorsFile.read(source, { activation: 'relu', head: 'categorical' })).toThrow(expected);
});

interface Runtime {
  readonly InferenceSession: {
    create(
      bytes: Uint8Array,
    ): Promise<{ run(feeds: object): Promise<Record<string, { readonly data: Float32Array }>> }>;
  };
  readonly Tensor: new (type: string, data: Float32Array, dims: readonly number[]) => unknown;
}

/** Where an optional package lies, if it does: FAULTLINE_ORT names a folder to look in, too. */
function installed(name: string): string | null {
  for (const from of [import.meta.url, ...(process.env['FAULTLINE_ORT'] ? [`${process.env['FAULTLINE_ORT']}/`] : [])]) {
    try {
      return createRequire(from).resolve(name);
    } catch {
      // not there
    }
  }
  return null;
}

function filesOf({ card, weights }: { card: string; weights: Uint8Array }): [string, Uint8Array, string] {
  return [card, weights, 'back'];
}

interface Field {
  readonly number: number;
  readonly value?: number;
  readonly bytes?: Uint8Array;
}
type Decoded = readonly Field[];

/** A few lines of protobuf that share nothing with what is tested. */
function decode(bytes: Uint8Array): Decoded {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = tag >> 3;
    if ((tag & 7) === 0) fields.push({ number, value: varint() });
    else if ((tag & 7) === 2) {
      const length = varint();
      fields.push({ number, bytes: bytes.subarray(at, (at += length)) });
    } else throw new Error(`wire type ${tag & 7}`);
  }
  return fields;
}

function text({ bytes }: Field): string {
  return new TextDecoder().decode(bytes);
}
