// Multiplies many pairs of matrices on WebGPU, the second factor of one pair being spoilt, in a process of its own, since a device library
// reads its environment when it is loaded. Arguments: 'software' where a software adapter will do. Prints one line of JSON.
import { rng } from '../../../core/rng.ts';
import { selectBackend } from '../../../nn/backend.ts';

/** What became of one product. */
export interface Apart {
  readonly case: string;
  /** The stock program that computed it, without its settings. */
  readonly program: string;
  /** Pairs of which some number is not what it is without the spoilt one, which is pair 2. */
  readonly touched: readonly number[];
  /** Largest difference of the unspoilt product from plain loops. */
  readonly apart: number;
}

interface Product {
  readonly pairs: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** Every program that TensorFlow.js has for more than one pair, with inner dimensions that fill no tile. */
const products: readonly Product[] = [
  { pairs: 12, m: 40, k: 9, n: 8 },
  { pairs: 12, m: 40, k: 12, n: 8 },
  { pairs: 12, m: 40, k: 72, n: 16 },
  { pairs: 24, m: 8, k: 5, n: 8, transposeA: true },
  { pairs: 4, m: 8, k: 5, n: 8, transposeA: true },
  { pairs: 12, m: 9, k: 5, n: 8, transposeA: true },
  { pairs: 12, m: 40, k: 8, n: 72, transposeB: true },
  { pairs: 24, m: 1, k: 9, n: 7 },
  { pairs: 4, m: 40, k: 9, n: 8 },
  { pairs: 3, m: 4, k: 9, n: 8 },
];

const spoilt = 2;

try {
  using backend = await selectBackend({ force: 'webgpu', allowSoftware: process.argv[2] === 'software' });
  const { tf } = backend;
  const device = tf.backend() as unknown as { runWebGPUProgram(...given: unknown[]): unknown };
  const run = device.runWebGPUProgram.bind(device);
  let program = '';
  device.runWebGPUProgram = (...given) => {
    const { shaderKey } = given[0] as { shaderKey: string };
    if (shaderKey.startsWith('matMul')) program = shaderKey.split('_')[0]!;
    return run(...given);
  };
  const found: Apart[] = [];
  for (const product of products) {
    const { pairs, m, k, n, transposeA = false, transposeB = false } = product;
    const draw = rng(1);
    const a = Float32Array.from({ length: pairs * m * k }, () => draw.normal());
    const b = Float32Array.from({ length: pairs * k * n }, () => draw.normal());
    const times = async (second: Float32Array): Promise<Float32Array> => {
      const out = tf.tidy(() =>
        tf.matMul(
          tf.tensor3d(a.slice(), transposeA ? [pairs, k, m] : [pairs, m, k]),
          tf.tensor3d(second, transposeB ? [pairs, n, k] : [pairs, k, n]),
          transposeA,
          transposeB,
        ),
      );
      const values = (await out.data()) as Float32Array;
      out.dispose();
      return values;
    };
    const clean = await times(b.slice());
    const touched = new Set<number>();
    for (const value of [NaN, Infinity]) {
      const bad = b.slice().fill(value, spoilt * k * n, (spoilt + 1) * k * n);
      for (const [i, own] of (await times(bad)).entries()) if (own !== clean[i]) touched.add(Math.floor(i / (m * n)));
    }
    let apart = 0;
    for (let i = 0; i < clean.length; i++) {
      const [pair, row, column] = [Math.floor(i / (m * n)), Math.floor(i / n) % m, i % n];
      let sum = 0;
      for (let j = 0; j < k; j++)
        sum +=
          a[pair * m * k + (transposeA ? j * m + row : row * k + j)]! *
          b[pair * k * n + (transposeB ? column * k + j : j * n + column)]!;
      apart = Math.max(apart, Math.abs(sum - clean[i]!));
    }
    found.push({ case: JSON.stringify(product), program, touched: [...touched], apart });
  }
  process.stdout.write(`${JSON.stringify(found)}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ refused: error instanceof Error ? error.message : String(error) })}\n`);
}
