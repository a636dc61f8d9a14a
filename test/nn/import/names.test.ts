import { describe, expect, it } from 'vitest';
import { FaultlineError } from '../../../core/errors.ts';
import { importPolicy } from '../../../evaluation/import-policy.ts';
import type { ImportSource } from '../../../nn/import/imported-model.ts';
import { writeSafetensors } from '../../../nn/safetensors.ts';
import { model, node, tensor, text } from '../../support/onnx-file.ts';
import { storedZip, torchFile } from '../../support/torch-file.ts';
import { bytesSource } from './file-source.ts';
import { array, data, encode, op, pickle, sb3Zip, serialized, space } from './sb3-file.ts';

/** Clears the screen, turns all red by C1 alone, and forges a line of its own. */
const name = 'w\u001b[2J\u009b31m\r\nwrote policy: sound\u202e';
/** What a terminal would obey, or show as another line. */
const obeyed = /\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

const matrix = (rows: number, columns: number): { shape: number[]; data: Float32Array; values: number[] } => ({
  shape: [rows, columns],
  data: new Float32Array(rows * columns),
  values: Array<number>(rows * columns).fill(0),
});
const said = (change: object): Uint8Array => sb3Zip({ ...data, ...change });
const keras = (layer: string, className: string): ImportSource => ({
  ...bytesSource(
    'model.json',
    encode({
      modelTopology: {
        class_name: 'Sequential',
        config: {
          layers: [{ class_name: className, config: { name: layer, units: 2, batch_input_shape: [null, 3] } }],
        },
      },
      weightsManifest: [{ paths: [name], weights: [{ name: `${layer}/kernel`, shape: [3, 2], dtype: 'float32' }] }],
    }),
  ),
});
const odd = node({ operator: name, inputs: ['x'], output: name });

/** Files that are refused with a name that they gave. */
const refused: Readonly<Record<string, ImportSource>> = {
  'a tensor of PyTorch': bytesSource('a.pth', torchFile({ [`${name}.weight`]: { shape: [2, 2, 2], values: Array<number>(8).fill(0) } })),
  'tensors of PyTorch in a list': bytesSource('a.pth', torchFile({ [name]: matrix(1, 1) })),
  'a tensor of a policy': bytesSource('a.zip', sb3Zip(data, torchFile({ [name]: matrix(2, 2) }))),
  'a class of a pickle': bytesSource('a.zip', said({ observation_space: serialized(pickle(op.global(name.replaceAll('\n', ''), name.replaceAll('\n', '')))) })),
  'a type of an array': bytesSource('a.zip', said({ observation_space: serialized(space('Box', { low: array([0], [1], name), high: array([1]) })) })),
  'an entry of an archive': bytesSource('a.pth', storedZip([['net/data.pkl', encode('x')], [`../${name.replaceAll(/[^\0-\x7f]/g, '')}`, encode('x')]])),
  'a tensor of safetensors': bytesSource('a.safetensors', writeSafetensors(new Map([[`${name}.running_mean`, matrix(2, 2)]]))),
  'a type of safetensors': bytesSource('a.safetensors', Uint8Array.from(safetensors({ a: { dtype: name, shape: [1], data_offsets: [0, 4] } }))),
  'an operator of ONNX': bytesSource('a.onnx', model({ nodes: [odd], outputs: [name] })),
  'a value of ONNX': bytesSource('a.onnx', model({ nodes: [node({ operator: 'Relu', inputs: [name], output: 'y' })] })),
  'a tensor of ONNX': bytesSource('a.onnx', model({ nodes: [], tensors: [tensor(name, [2], [Number.NaN, 1])] })),
  'a layer of TensorFlow.js': keras(name, 'LSTM'),
  'a class of TensorFlow.js': keras('a', name),
  'a shard of TensorFlow.js': keras('a', 'Dense'),
}; // prettier-ignore

function safetensors(header: object): number[] {
  const json = encode(header);
  return [json.length, 0, 0, 0, 0, 0, 0, 0, ...json, 0, 0, 0, 0];
}

const request = (source: ImportSource, net?: string): Parameters<typeof importPolicy>[0] => ({
  source,
  name: 'imported',
  reads: 'normalised',
  options: { head: 'categorical', activation: 'relu', net },
  target: {},
});

describe('names that a file gives', () => {
  it.each(Object.entries(refused))('%s: a terminal obeys nothing of the error', (_, source) => {
    let error: unknown;
    try {
      importPolicy(request(source));
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(FaultlineError);
    expect((error as Error).message).not.toMatch(obeyed);
    expect((error as Error).message).toMatch(/\\(x1b|u001b)\[2J/);
  });

  it('a terminal obeys nothing of what is said of a sound file', () => {
    const linear = tensor('w', [3, 2], [1, 2, 3, 4, 5, 6]);
    const product = node({ operator: 'MatMul', inputs: ['x', 'w'], output: 'y' });
    const graph = model({ nodes: [product], tensors: [linear], outputs: ['y', name] });
    const onnx = importPolicy(request(bytesSource('a.onnx', Uint8Array.from([...graph, ...text(2, name)]))));
    const torch = importPolicy(request(bytesSource('a.pth', torchFile({ [`${name}.weight`]: matrix(2, 3) }))));
    expect(onnx.origin).toBe('ONNX of w\\x1b[2J\\x9b31m\\x0d\\x0awrote policy: sound\\u202e');
    for (const { origin, notes } of [onnx, torch]) {
      for (const sentence of [origin, ...notes]) expect(sentence).not.toMatch(obeyed);
      expect([origin, ...notes].join(' ')).toContain('w\\x1b[2J');
    }
  });
});
