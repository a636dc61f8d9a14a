import { PolicyFileError } from '../../../core/errors.ts';
import { mostWeights } from '../weight-limits.ts';
import { Allowance } from './arithmetic.ts';
import { shapeText, sizeOf } from './array.ts';
import { evaluateNode, evaluatedOperators } from './evaluate.ts';
import type { OnnxGraph, OnnxNode } from './graph.ts';
import { Operator, nodeError } from './operator.ts';
import { decisionRules } from './rule-decision.ts';
import { linearRules } from './rule-linear.ts';
import { nonlinearRules } from './rule-nonlinear.ts';
import { shapeRules } from './rule-shape.ts';
import type { Rules } from './rule.ts';
import { identityOf } from './stage.ts';
import { numbersOf } from './traced.ts';
import type { Traced } from './traced.ts';

/** What each operator makes of values that depend on the observation. */
const rules: Rules = { ...linearRules, ...nonlinearRules, ...shapeRules, ...decisionRules };

/** The operators that can be part of what is imported, for messages. */
const supported = [...new Set([...Object.keys(rules), 'Constant', ...evaluatedOperators])].sort();

/**
 * What a graph's output is, as a function of the observation: constants are folded in float64, runs of linear operators become one
 * affine, and only what the output needs is looked at.
 * @param output name of a value; a node's, not only a graph output
 * @param allowance what tracing may use up
 * @throws {PolicyFileError} naming the first node that no sequence of dense layers can stand for, and what can be imported.
 */
export function traceGraph(graph: OnnxGraph, output: string, allowance = new Allowance(grantOf(graph))): Traced {
  const fail = (message: string): never => {
    throw new PolicyFileError(message, { place: { file: graph.file } });
  };
  const [input] = graph.inputs;
  if (input === undefined || graph.inputs.length > 1)
    return fail(
      `the graph has ${graph.inputs.length} inputs (${graph.inputs.map(({ name }) => name).join(', ')}), expected one: the observation`,
    );
  const batched = (input.dims?.length ?? 0) !== 1;
  const dims = (input.dims ?? []).slice(batched ? 1 : 0);
  const width = sizeOf(dims.map((size) => (typeof size === 'number' ? size : NaN)));
  if (dims.length === 0 || !Number.isSafeInteger(width) || width < 1 || width > 65_536)
    return fail(
      `input '${input.name}' has shape ${shapeText(input.dims ?? [])}, expected [rows, features] with 1 to 65536 features`,
    );

  const values = new Map<string, Traced>();
  for (const [name, array] of graph.constants) values.set(name, { kind: 'constant', array });
  values.set(input.name, {
    kind: 'affine',
    dims: dims.map(Number),
    affine: identityOf({ kind: 'input', width }),
    source: input.name,
  });
  for (const node of neededNodes(graph, output)) {
    const inputs = node.inputs.map((name) => {
      if (name === '') return undefined;
      return values.get(name) ?? nodeFail(graph, node, `reads '${name}', which nothing before it writes`);
    });
    values.set(node.outputs[0]!, traceNode(graph, node, inputs, allowance, batched));
  }
  return values.get(output) ?? fail(`the graph has no value '${output}'`);
}

function traceNode(
  graph: OnnxGraph,
  node: OnnxNode,
  inputs: readonly (Traced | undefined)[],
  allowance: Allowance,
  batched: boolean,
): Traced {
  const operator = new Operator(graph, node);
  // What a node reads is work whatever it makes of it: a sum of a million numbers is one number.
  for (const value of inputs) if (value !== undefined) allowance.products(operator, 2 * numbersOf(value));
  const all = inputs.every((value) => value === undefined || value.kind === 'constant');
  const rule = node.domain === '' && Object.hasOwn(rules, node.operator) ? rules[node.operator] : undefined;
  if (all && node.domain === '' && evaluatedOperators.includes(node.operator)) {
    const read = inputs.map((value) => (value?.kind === 'constant' ? value.array : undefined));
    return { kind: 'constant', array: evaluateNode(graph, node, read, allowance) };
  }
  if (rule === undefined)
    return operator.fail(
      `an operator that no dense layers can stand for. Supported: ${supported.join(', ')}. Other graphs run as black boxes with onnxruntime-node: name the .onnx file as the victim`,
    );
  return rule({ operator, inputs, allowance, batched, output: node.outputs[0]! });
}

/** 40 MiB of float64: as many numbers as a policy may have, folded once. */
const mostGranted = mostWeights;

/** Numbers that reading a graph may compute: each weight a few times, and something for small ones. */
export function grantOf(graph: OnnxGraph): number {
  let constants = 0;
  for (const { data } of graph.constants.values()) constants += data.length;
  for (const { attributes } of graph.nodes)
    for (const attribute of attributes.values())
      if (attribute.kind === 'array') constants += attribute.value.data.length;
  return Math.min(2 ** 20 + 6 * constants, mostGranted);
}

/** The nodes that a value depends on, in the graph's order. */
function neededNodes(graph: OnnxGraph, output: string): readonly OnnxNode[] {
  const wanted = new Set([output]);
  const nodes: OnnxNode[] = [];
  for (const node of graph.nodes.toReversed()) {
    const at = node.outputs.findIndex((name) => name !== '' && wanted.has(name));
    if (at < 0) continue;
    if (at > 0) nodeFail(graph, node, `its output ${at} is used, expected only the first`);
    nodes.push(node);
    for (const name of node.inputs) wanted.add(name);
  }
  return nodes.toReversed();
}

function nodeFail(graph: OnnxGraph, node: OnnxNode, message: string): never {
  throw nodeError(graph, node, message);
}
