import { ShapeError } from '../../../core/errors.ts';
import { Allowance } from './arithmetic.ts';
import { sizeOf } from './array.ts';
import type { NumberArray, Numbers } from './array.ts';
import { evaluations } from './evaluation.ts';
import type { OnnxGraph, OnnxNode } from './graph.ts';
import { Operator, nodeError } from './operator.ts';

/** The operators that are evaluated, for messages. */
export const evaluatedOperators: readonly string[] = Object.keys(evaluations);

/**
 * A node's first output.
 * @throws {PolicyFileError} naming the node, for an operator that is not among ours and shapes that do not fit.
 */
export function evaluateNode(
  graph: OnnxGraph,
  node: OnnxNode,
  inputs: readonly (NumberArray | undefined)[],
  allowance: Allowance,
): NumberArray {
  const evaluation = Object.hasOwn(evaluations, node.operator) ? evaluations[node.operator] : undefined;
  if (evaluation === undefined || node.domain !== '')
    throw nodeError(graph, node, `an operator that is not evaluated here; known: ${evaluatedOperators.join(', ')}`);
  return evaluation(new Operator(graph, node), inputs, allowance);
}

/**
 * Computes a graph's output on observations, operator by operator in float64: independent of what the graph is turned into.
 * @param x [rows×O]
 * @returns [rows×K], or [rows] where the graph gives an index
 * @throws {ShapeError} when x does not fit the graph's input
 */
export function evaluateGraph(graph: OnnxGraph, output: string, x: ArrayLike<number>, rows: number): Float64Array {
  const [input] = graph.inputs;
  const shape = input?.dims ?? [];
  // A graph without an axis of rows takes one row at a time, one with a fixed number of them as many.
  const batched = shape.length > 1;
  const dims = shape.slice(batched ? 1 : 0).map(Number);
  const size = sizeOf(dims);
  if (input === undefined || dims.length === 0 || size * rows !== x.length)
    throw new ShapeError(
      `evaluateGraph: ${x.length} values in ${rows} rows do not fit an input of [N, ${dims.join(', ')}]`,
    );
  const fixed = !batched ? 1 : typeof shape[0] === 'number' && shape[0] > 0 ? shape[0] : undefined;
  const chunk = fixed ?? 64;
  const parts: Numbers[] = [];
  for (let row = 0; row < rows; row += chunk) {
    const some = fixed ?? Math.min(chunk, rows - row);
    const data = new Float64Array(some * size);
    for (let i = 0; i < data.length; i++) data[i] = x[row * size + i] ?? 0;
    const y = evaluateRows(graph, output, input.name, { dims: batched ? [some, ...dims] : dims, data });
    parts.push(y.slice(0, (y.length / some) * Math.min(chunk, rows - row)));
  }
  const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function evaluateRows(graph: OnnxGraph, output: string, input: string, x: NumberArray): Numbers {
  const values = new Map<string, NumberArray>(graph.constants);
  values.set(input, x);
  const allowance = new Allowance(2 ** 28, 2 ** 34);
  for (const node of graph.nodes) {
    if (values.has(output)) break;
    const read = node.inputs.map((name) => (name === '' ? undefined : values.get(name)));
    values.set(node.outputs[0] ?? '', evaluateNode(graph, node, read, allowance));
  }
  const found = values.get(output);
  if (found === undefined) throw new ShapeError(`evaluateGraph: the graph has no value '${output}'`);
  return found.data;
}
