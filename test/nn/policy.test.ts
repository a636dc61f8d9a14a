import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PolicyFileError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import { sha256Hex } from '../../core/sha256.ts';
import { parameterCount, mlp } from '../../nn/layers.ts';
import { loadPolicy, policyFiles, savePolicy } from '../../nn/policy.ts';
import type { PolicyDescription } from '../../nn/policy.ts';
import { readSafetensors, writeSafetensors } from '../../nn/safetensors.ts';
import { uniform } from './random-network.ts';

const description: PolicyDescription = {
  name: 'tiny',
  observation: {
    features: [
      { name: 'hour', unit: 'h', low: 1, high: 24 },
      { name: 'soc', unit: '1', low: 0, high: 1 },
      { name: 'net', unit: 'kWh', low: -5, high: 5 },
    ],
    normalisation: 'fixed',
  },
  action: { features: [{ name: 'battery', unit: '1', low: -1, high: 1 }] },
  head: { kind: 'categorical', values: [-1, 0, 1, 2] },
  layers: mlp([3, 5, 4], 'tanh'),
};
const parameters = uniform(parameterCount(description.layers), rng(1));
const { card, weights } = policyFiles(description, parameters);

function withCard(change: (card: Record<string, unknown>) => void): string {
  const copy = JSON.parse(card) as Record<string, unknown>;
  change(copy);
  return JSON.stringify(copy, null, 2);
}

describe('a policy', () => {
  it('comes back from its files to the bit', () => {
    using policy = loadPolicy(card, weights, 'models/tiny');
    const read = new Float32Array(policy.network.size);
    policy.network.readParameters(read);
    expect(read).toEqual(parameters);
    expect(policy.card).toEqual({
      ...description,
      format: 'faultline-policy',
      version: 1,
      weightsSha256: sha256Hex(weights),
    });
    expect(savePolicy(policy)).toEqual({ card, weights });
    expect([...readSafetensors(weights, 'w').keys()]).toEqual([
      'layers.0.weight',
      'layers.0.bias',
      'layers.1.weight',
      'layers.1.bias',
    ]);
  });

  const feature = { name: 'x', unit: '', low: 0, high: 1 };
  it.each<[string, string, string]>([
    ['no JSON', '{', 'm/policy.json:'],
    ['nothing', '', 'm/policy.json'],
    ['another format', withCard((c) => (c['format'] = 'onnx')), '/format'],
    ['another version', withCard((c) => (c['version'] = 2)), '/version'],
    ['an unknown key', withCard((c) => (c['layer'] = [])), "/layer: unknown key 'layer'; did you mean 'layers'?"],
    [
      'an unknown head',
      withCard((c) => (c['head'] = { kind: 'catgorical', values: [1] })),
      "did you mean 'categorical'?",
    ],
    ['an empty head', withCard((c) => (c['head'] = { kind: 'categorical', values: [] })), '/head/values'],
    [
      'a number that is none',
      card.replace('"low": 1,', '"low": "1",'),
      'm/policy.json:10:16 /observation/features/0/low',
    ],
    ['an unknown activation', card.replace('"tanh"', '"tahn"'), "unknown value 'tahn'; did you mean 'tanh'?"],
    [
      'too few inputs',
      withCard((c) => (c['observation'] = { features: [feature], normalisation: 'fixed' })),
      '/layers/0/inputs: inputs of the first layer: got 3, expected 1',
    ],
    [
      'layers that do not meet',
      withCard((c) => (c['layers'] = [...mlp([3, 5], 'tanh', 'tanh'), ...mlp([6, 4], 'relu')])),
      '/layers/1/inputs: inputs of a layer: got 6, expected 5',
    ],
    [
      'outputs the head cannot read',
      withCard((c) => (c['head'] = { kind: 'categorical', values: [0, 1] })),
      '/layers/1/outputs: outputs of the last layer: got 4, expected 2',
    ],
    [
      'bounds of different length',
      withCard((c) => (c['head'] = { kind: 'squashed-gaussian', low: [-1, -1], high: [1] })),
      '/head/high: number of upper bounds: got 1, expected 2',
    ],
    [
      'an upside-down interval',
      withCard((c) => (c['head'] = { kind: 'deterministic', low: [1], high: [1] })),
      '/head/high/0: expected more than low (1)',
    ],
    [
      'too many action components',
      withCard((c) => (c['action'] = { features: [feature, feature] })),
      '/action/features: number of action components: got 2, expected 1',
    ],
    ['no layers', withCard((c) => (c['layers'] = [])), '/layers'],
    ['a fractional width', card.replace('"inputs": 3', '"inputs": 3.5'), '/layers/0/inputs'],
    ['a hash that is none', withCard((c) => (c['weightsSha256'] = 'abc')), '/weightsSha256: expected 64 hex digits'],
  ])('is refused for a card with %s', (_damage, text, message) => {
    expect(() => loadPolicy(text, weights, 'm')).toThrow(PolicyFileError);
    expect(() => loadPolicy(text, weights, 'm')).toThrow(message);
    expect(() => loadPolicy(text, weights, 'm')).not.toThrow('\\x0a'); // a line for each
  });

  it('is refused when the weights are not the ones of the card', () => {
    const other = weights.slice();
    other[other.length - 1]! ^= 1;
    expect(() => loadPolicy(card, other, 'm')).toThrow(
      /^m\/policy.safetensors: SHA-256 is .{64}, expected .{64} as in policy.json/,
    );
    const tensors = readSafetensors(weights, 'w');
    const bias = tensors.get('layers.1.bias')!;
    const rewrite = (change: (map: typeof tensors) => void): Uint8Array => {
      const copy = new Map(tensors);
      change(copy);
      return writeSafetensors(copy);
    };
    const refuse = (bytes: Uint8Array, message: string): void => {
      expect(() => loadPolicy(card, bytes, 'm')).toThrow(PolicyFileError);
      expect(() => loadPolicy(card, bytes, 'm')).toThrow(`m/policy.safetensors ${message}`);
    };
    refuse(
      rewrite((map) => map.delete('layers.1.bias')),
      '/layers.1.bias: missing tensor; the file has layers.0.weight',
    );
    refuse(
      rewrite((map) => map.set('extra', bias)),
      '/extra: a tensor that no layer',
    );
    refuse(
      rewrite((map) => map.set('layers.1.bias', { ...bias, shape: [2, 2] })),
      '/layers.1.bias: shape is [2, 2], expected [4]',
    );
  });

  it('is not written when it could not be read', () => {
    expect(() => policyFiles(description, parameters.subarray(1))).toThrow('expected 44');
    const broken = parameters.slice();
    broken[7] = Number.NaN;
    expect(() => policyFiles(description, broken)).toThrow('/layers.0.weight: value 7 is NaN');
    expect(() => policyFiles({ ...description, name: '' }, parameters)).toThrow(PolicyFileError);
  });

  it('throws nothing but PolicyFileError for a damaged card', () => {
    fc.assert(
      fc.property(fc.nat(card.length), fc.string({ maxLength: 3 }), fc.nat(30), (at, insert, remove) => {
        try {
          loadPolicy(card.slice(0, at) + insert + card.slice(at + remove), weights, 'm')[Symbol.dispose]();
        } catch (error) {
          expect(error).toBeInstanceOf(PolicyFileError);
        }
      }),
      { numRuns: 150 },
    );
  });
});
