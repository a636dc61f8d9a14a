import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FaultlineError, PolicyFileError } from '../../../../core/errors.ts';
import { rng } from '../../../../core/rng.ts';
import type { ImportOptions } from '../../../../nn/import/imported-model.ts';
import { readOnnxModel } from '../../../../nn/import/onnx/model.ts';
import { onnxFile } from '../../../../nn/import/onnx/onnx-file.ts';
import { WireFile } from '../../../../nn/import/onnx/wire.ts';
import { bytes, model, node, tensor, text, varint, whole } from '../../../support/onnx-file.ts';
import { cpuMilliseconds } from '../../../support/cpu-time.ts';

const folder = join(import.meta.dirname, '../../../golden/import/onnx');
const sound = readdirSync(folder)
  .filter((name) => name.endsWith('.onnx'))
  .map((name) => ({ name, content: new Uint8Array(readFileSync(join(folder, name))) }));

const options: ImportOptions = { head: 'categorical' };

/** Reads a file; throws what it throws, and fails when that is no named error, or took too long or too much. */
function outcome(content: Uint8Array): string {
  const started = process.cpuUsage();
  const before = process.memoryUsage();
  let result: string;
  try {
    onnxFile.read(
      { name: 'hostile.onnx', bytes: content, companion: () => undefined, inflate: () => content },
      options,
    );
    result = 'read';
  } catch (error) {
    if (!(error instanceof FaultlineError)) throw error;
    result = error.message;
  }
  const after = process.memoryUsage();
  expect(cpuMilliseconds(started)).toBeLessThan(1000);
  expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(200e6);
  return result;
}

const layer = node({ operator: 'MatMul', inputs: ['x', 'w'], output: 'y' });
const weight = tensor('w', [3, 2], [1, 2, 3, 4, 5, 6]);
const one = (part: number[], extra: number[][] = []): Uint8Array =>
  model({ nodes: [layer], tensors: [part, ...extra] });
const many = (count: number, make: (i: number) => number[]): number[][] =>
  Array.from({ length: count }, (_, i) => make(i));
const external = [
  ...bytes(1, [3, 2]),
  ...whole(2, 1),
  ...text(8, 'w'),
  ...bytes(13, [...text(1, 'location'), ...text(2, '../../../../etc/passwd')]),
  ...whole(14, 1),
];

const files: Readonly<Record<string, readonly [Uint8Array, RegExp]>> = {
  nothing: [new Uint8Array(0), /holds no graph/],
  'a pickle': [Uint8Array.from([0x80, 2, 0x63, 0x6f, 0x73, 0x0a]), /byte/],
  'a varint without an end': [new Uint8Array(64).fill(0xff), /varint of more than 10 bytes/],
  'field 0': [Uint8Array.from([0, 0]), /field number 0/],
  'a group': [Uint8Array.from([0x0b, 0x0c]), /wire type 3/],
  'a length of 2^63': [Uint8Array.from([0x3a, ...varint(2n ** 63n)]), /claims/],
  'a graph that is a number': [Uint8Array.from(whole(7, 3)), /wire type|opset/],
  'no opset': [Uint8Array.from(bytes(7, [])), /opset/],
  'dimensions of 2^40': [one(tensor('w', [2n ** 40n, 2], [1])), /values of type float, expected/],
  'dimensions whose product overflows': [one(tensor('w', [2n ** 32n, 2n ** 32n], [])), /values of type float/],
  'dimensions of 2^63': [one(tensor('w', [2n ** 63n - 1n, 2], [1])), /expected at most 8 whole numbers/],
  'a negative dimension': [one(tensor('w', [-3, -2], [1, 2, 3, 4, 5, 6])), /expected at most 8 whole numbers/],
  'forty dimensions': [one(tensor('w', Array<number>(40).fill(1), [1])), /at most 8/],
  'a dimension of 0': [one(tensor('w', [3, 0], [])), /times \[3, 0\]/],
  'weights that are not numbers': [one(tensor('w', [3, 2], [1, 2, NaN, 4, 5, 6])), /tensor 'w': value 2 is NaN/],
  'weights that are infinite': [one(tensor('w', [3, 2], [1, 2, 3, 4, 5, Infinity])), /value 5 is Infinity/],
  'weights beyond float32': [one(tensor('w', [3, 2], [1, 2, 3, 4, 5, 1e300], 'double')), /read/],
  'fewer weights than it says': [one(tensor('w', [3, 2], [1, 2, 3, 4, 5])), /5 values of type float, expected 6/],
  'weights in another file': [one(external), /tensor 'w': its data lie in another file/],
  'a type of text': [one([...bytes(1, [1]), ...whole(2, 8), ...text(8, 'w')]), /data type 8, expected float/],
  'weights of another width': [one(tensor('w', [4, 2], [1, 2, 3, 4, 5, 6, 7, 8])), /rows of \[3\] times \[4, 2\]/],
  'an input of 2^50': [model({ input: ['n', 2n ** 50n], nodes: [layer], tensors: [weight] }), /1 to 65536 features/],
  'an input of -3': [model({ input: ['n', -3], nodes: [layer], tensors: [weight] }), /1 to 65536 features/],
  'an input without a width': [model({ input: ['n', 'm'], nodes: [layer], tensors: [weight] }), /1 to 65536 features/],
  'an output that nothing writes': [model({ nodes: [layer], tensors: [weight], outputs: ['z'] }), /no value 'z'/],
  'no output': [model({ nodes: [layer], tensors: [weight], outputs: [] }), /no output/],
  'a constant that grows at every node': [
    model({
      nodes: [
        ...many(40, (i) =>
          node({ operator: 'Concat', inputs: [`c${i}`, `c${i}`], output: `c${i + 1}`, attributes: { axis: 0 } }),
        ),
        node({ operator: 'Add', inputs: ['x', 'c40'], output: 'y' }),
      ],
      tensors: [tensor('c0', [1], [1])],
    }),
    /numbers; all values of this graph/,
  ],
  'rows that grow at every node': [
    model({
      nodes: [
        ...many(40, (i) =>
          node({
            operator: 'Concat',
            inputs: i === 0 ? ['x', 'x'] : [`c${i}`, `c${i}`],
            output: `c${i + 1}`,
            attributes: { axis: 1 },
          }),
        ),
        node({ operator: 'Tanh', inputs: ['c40'], output: 'y' }),
      ],
    }),
    /numbers; all values of this graph/,
  ],
  'an Expand to 2^60': [
    model({
      nodes: [
        node({ operator: 'Expand', inputs: ['c', 'shape'], output: 'big' }),
        node({ operator: 'Add', inputs: ['x', 'big'], output: 'y' }),
      ],
      tensors: [tensor('c', [1], [1]), tensor('shape', [2], [2 ** 30, 2 ** 30], 'int64')],
    }),
    /numbers; all values of this graph/,
  ],
  'a product that is large in the middle': [
    model({
      nodes: [
        ...many(9, (i) =>
          node({ operator: 'MatMul', inputs: [i === 0 ? 'a' : `m${i}`, i % 2 ? 'a' : 'b'], output: `m${i + 1}` }),
        ),
        node({ operator: 'MatMul', inputs: ['x', 'm9'], output: 'y' }),
      ],
      tensors: [
        tensor('a', [2000, 3], Array<number>(6000).fill(1)),
        tensor('b', [3, 2000], Array<number>(6000).fill(1)),
      ],
    }),
    /numbers; all values of this graph/,
  ],
  'more layers than a policy has': [
    model({
      nodes: many(300, (i) =>
        node({ operator: 'Tanh', inputs: [i === 0 ? 'x' : `t${i}`], output: i === 299 ? 'y' : `t${i + 1}` }),
      ),
    }),
    /more than 64 layers/,
  ],
  'twenty thousand and one nodes': [
    model({ nodes: many(20_001, () => node({ operator: 'Identity', inputs: ['x'], output: 'y' })) }),
    /more than 20000 nodes/,
  ],
  'a subgraph in an attribute, nested thousands deep': [
    model({
      nodes: [
        [
          ...node({ operator: 'If', inputs: ['x'], output: 'y' }),
          ...bytes(5, [...text(1, 'then_branch'), ...nested(2000), ...whole(20, 5)]),
        ],
      ],
    }),
    /node 'node_y' \(If\)/,
  ],
  'a slice from NaN on': [
    model({
      nodes: [
        node({ operator: 'Shape', inputs: ['x'], output: 's' }),
        node({ operator: 'Slice', inputs: ['x', 's', 's'], output: 'y' }),
      ],
    }),
    /Slice/,
  ],
  'a division by 0': [
    model({ nodes: [node({ operator: 'Div', inputs: ['x', 'z'], output: 'y' })], tensors: [tensor('z', [], [0])] }),
    /scaled by Infinity/,
  ],
  'names of a megabyte': [
    model({ nodes: [[...text(1, 'a'.repeat(1_000_000)), ...text(2, 'y'), ...text(4, 'Relu')]] }),
    /a name of 1000000 bytes/,
  ],
  'a cast to nonsense': [
    model({
      nodes: [node({ operator: 'Cast', inputs: ['x'], output: 'y', attributes: { to: 'float' } })],
      tensors: [],
    }),
    /read|Cast|layer/,
  ],
};

/** Messages in messages. */
function nested(depth: number): number[] {
  let inner: number[] = [];
  for (let i = 0; i < depth; i++) inner = bytes(6, inner);
  return inner;
}

describe('hostile ONNX files', () => {
  it.each(Object.entries(files))('%s', (_, [content, expected]) => {
    expect(outcome(content)).toMatch(expected);
  });

  it('every file cut off at 24 places', () => {
    for (const { content } of sound) {
      for (let part = 0; part < 24; part++) {
        // The opset stands at the end: no shorter file is whole.
        expect(outcome(content.slice(0, Math.floor((content.length * part) / 24)))).not.toBe('read');
      }
    }
  });

  it('bytes changed at random are read as something, or refused by name', () => {
    const draw = rng(7);
    let refused = 0;
    for (let round = 0; round < 400; round++) {
      const changed = sound[draw.int(sound.length)]!.content.slice();
      for (let k = draw.int(4); k >= 0; k--) changed[draw.int(changed.length)] = draw.int(256);
      if (outcome(changed) !== 'read') refused++;
    }
    expect(refused).toBeGreaterThan(50);
  });

  it('any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (content) => {
        expect(() => readOnnxModel(content, 'any')).toThrow(PolicyFileError);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the wire format', () => {
  it('whole numbers of every size come back; beyond ±2^53 they are rounded', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value) => {
        const wire = new WireFile(Uint8Array.from(whole(1, value)), 'wire');
        const [field] = [...wire.fields(0, wire.bytes.length)];
        expect(Math.abs(wire.integer(field!) - Number(value))).toBeLessThanOrEqual(Math.abs(Number(value)) * 2 ** -52);
      }),
      { numRuns: 500 },
    );
  });

  it('a packed list and single values are one list', () => {
    const values = [0, -1, 300, 2 ** 40];
    const content = Uint8Array.from([
      ...bytes(4, values.flatMap(varint)),
      ...values.flatMap((value) => whole(4, value)),
    ]);
    const wire = new WireFile(content, 'wire');
    const got: number[] = [];
    for (const field of wire.fields(0, content.length)) wire.integers(field, got);
    expect(got).toEqual([...values, ...values]);
  });
});
