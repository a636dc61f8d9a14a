import { bytes, model, node, tensor, text, varint, whole } from '../../../support/onnx-file.ts';

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

/** ONNX files that mean harm, and what is said of each. */
export const hostileGraphs: Readonly<Record<string, readonly [Uint8Array, RegExp]>> = {
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
  'a wide layer negated two hundred times': [
    model({
      nodes: [
        node({ operator: 'MatMul', inputs: ['x', 'w'], output: 'c0' }),
        ...many(200, (i) => node({ operator: 'Neg', inputs: [`c${i}`], output: i === 199 ? 'y' : `c${i + 1}` })),
      ],
      tensors: [tensor('w', [3, 30_000], Array<number>(90_000).fill(1))],
    }),
    /Neg.*numbers; all values of this graph/,
  ],
  'a wide layer added to itself two hundred times': [
    model({
      nodes: [
        node({ operator: 'MatMul', inputs: ['x', 'w'], output: 'c0' }),
        ...many(200, (i) => node({ operator: 'Add', inputs: [`c${i}`, 'c0'], output: i === 199 ? 'y' : `c${i + 1}` })),
      ],
      tensors: [tensor('w', [3, 30_000], Array<number>(90_000).fill(1))],
    }),
    /Add.*numbers; all values of this graph/,
  ],
  'a tanh of 65 536 features, thirty times': [
    model({
      input: ['n', 65_536],
      nodes: [
        ...many(30, (i) => node({ operator: 'Tanh', inputs: ['x'], output: `t${i}` })),
        node({ operator: 'Concat', inputs: many(30, (i) => [i]).map(([i]) => `t${i}`), output: 'y' }),
      ],
    }),
    /Tanh.*numbers; all values of this graph/,
  ],
  'a sum of a hundred thousand numbers, a thousand times': [
    model({
      nodes: [
        ...many(1000, (i) => node({ operator: 'ReduceSum', inputs: ['k'], output: `r${i}` })),
        ...many(1000, (i) =>
          node({ operator: 'Add', inputs: [i === 0 ? 'x' : `s${i}`, `r${i}`], output: i === 999 ? 'y' : `s${i + 1}` }),
        ),
      ],
      tensors: [tensor('k', [100_000], Array<number>(100_000).fill(1))],
    }),
    /ReduceSum.*more multiplications/,
  ],
  'an attribute of three million numbers': [
    model({
      nodes: [
        [
          ...node({ operator: 'Neg', inputs: ['x'], output: 'y' }),
          ...bytes(5, [...text(1, 'ints'), ...bytes(8, new Uint8Array(3_000_000))]),
        ],
      ],
    }),
    /more than 262144 numbers in dimensions and attributes/,
  ],
  'three hundred thousand inputs of one node': [
    model({ nodes: [many(300_000, () => text(1, '')).flat()] }),
    /more than 262144 fields/,
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
