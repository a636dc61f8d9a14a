import type { TensorInfo } from '@tensorflow/tfjs';
import { call } from './wasm-backend.ts';
import type { Repair } from './wasm-backend.ts';

/** A tensor whose axes bear letters of the equation. */
interface Lettered {
  readonly letters: string;
  readonly tensor: TensorInfo;
}

/**
 * `Einsum` of one or two tensors, which the WASM backend lacks. Letters of one operand that neither the other nor the output
 * has are summed away first; then the operands become `[batch, M, K]` and `[batch, K, N]` for one matrix product: the batch
 * letters are in both operands and in the output, K's are in both operands only.
 *
 * TensorFlow.js refuses repeated letters within a term, `...`, and more than two operands.
 */
export const einsum: Repair = (tf) => {
  return ({ inputs, attrs, backend }) => {
    const equation = (attrs['equation'] as string).replaceAll(/\s/g, '');
    const tensors = Object.values(inputs) as TensorInfo[];
    const { allDims, idDims } = tf.backend_util.decodeEinsumEquation(equation, tensors.length);
    tf.backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors as never);
    const [terms, output] = equation.split('->') as [string, string];
    const sizes = new Map<string, number>();
    const operands = terms.split(',').map((letters, i): Lettered => {
      const tensor = tensors[i]!;
      for (const [axis, letter] of letters.split('').entries()) sizes.set(letter, tensor.shape[axis]!);
      return { letters, tensor };
    });
    const shapeOf = (letters: string): number[] => letters.split('').map((letter) => sizes.get(letter)!);
    const sizeOf = (letters: string): number => shapeOf(letters).reduce((product, size) => product * size, 1);
    const made: TensorInfo[] = [];
    const run = (kernel: string, x: Record<string, TensorInfo>, options = {}): TensorInfo => {
      const out = call(tf, backend, kernel, x, options);
      made.push(out);
      return out;
    };

    const sum = ({ letters, tensor }: Lettered, others: string): Lettered => {
      const kept = only(letters, (letter) => others.includes(letter));
      if (kept === letters) return { letters, tensor };
      const axis = letters.split('').flatMap((letter, at) => (kept.includes(letter) ? [] : [at]));
      return { letters: kept, tensor: run('Sum', { x: tensor }, { axis, keepDims: false }) };
    };
    const order = ({ letters, tensor }: Lettered, wanted: string): TensorInfo => {
      if (letters === wanted) return tensor;
      return run('Transpose', { x: tensor }, { perm: wanted.split('').map((letter) => letters.indexOf(letter)) });
    };
    const multiply = (a: Lettered, b: Lettered): Lettered => {
      const shared = only(a.letters, (letter) => b.letters.includes(letter));
      const batch = only(shared, (letter) => output.includes(letter));
      const inner = only(shared, (letter) => !output.includes(letter));
      const left = only(a.letters, (letter) => !shared.includes(letter));
      const right = only(b.letters, (letter) => !shared.includes(letter));
      const product = run(
        'BatchMatMul',
        {
          a: { ...order(a, batch + left + inner), shape: [sizeOf(batch), sizeOf(left), sizeOf(inner)] },
          b: { ...order(b, batch + inner + right), shape: [sizeOf(batch), sizeOf(inner), sizeOf(right)] },
        },
        { transposeA: false, transposeB: false },
      );
      const letters = batch + left + right;
      return { letters, tensor: { ...product, shape: shapeOf(letters) } };
    };

    const reduced = operands.map((operand, i) => sum(operand, output + (operands[1 - i]?.letters ?? '')));
    const [first, second] = reduced;
    const result = order(second === undefined ? first! : multiply(first!, second), output);
    // What is returned must be a tensor of its own, also where there was nothing to do.
    const own = made.some(({ dataId }) => dataId === result.dataId);
    const out = own ? result : call(tf, backend, 'Identity', { x: result });
    for (const { dataId } of made) if (dataId !== out.dataId) backend.disposeData(dataId);
    return out;
  };
};

function only(letters: string, wanted: (letter: string) => boolean): string {
  return letters.split('').filter(wanted).join('');
}
