import { PolicyFileError } from '../../../core/errors.ts';
import type { NumberArray } from './array.ts';
import type { Attribute, OnnxGraph, OnnxNode } from './graph.ts';

/** Thrown for what a graph says and we cannot take: it names node, operator and byte. */
export function nodeError(graph: OnnxGraph, node: OnnxNode, message: string): PolicyFileError {
  const operator = node.domain === '' ? node.operator : `${node.domain}.${node.operator}`;
  return new PolicyFileError(`node '${node.name}' (${operator}): ${message}`, {
    place: { file: graph.file, path: node.byte === undefined ? undefined : `byte ${node.byte}` },
  });
}

/** A node with its attributes by kind, and what to throw when one is not what its operator defines. */
export class Operator {
  readonly node: OnnxNode;
  readonly opset: number;
  readonly #graph: OnnxGraph;

  constructor(graph: OnnxGraph, node: OnnxNode) {
    this.node = node;
    this.opset = graph.opset;
    this.#graph = graph;
  }

  real(name: string, otherwise: number): number {
    return this.#attribute(name, 'real')?.value ?? otherwise;
  }

  integer(name: string, otherwise: number): number {
    return this.#attribute(name, 'integer')?.value ?? otherwise;
  }

  integers(name: string): readonly number[] | undefined {
    return this.#attribute(name, 'integers')?.value;
  }

  reals(name: string): readonly number[] | undefined {
    return this.#attribute(name, 'reals')?.value;
  }

  array(name: string): NumberArray | undefined {
    return this.#attribute(name, 'array')?.value;
  }

  has(name: string): boolean {
    return this.node.attributes.has(name);
  }

  fail(message: string): never {
    throw nodeError(this.#graph, this.node, message);
  }

  #attribute<Kind extends Attribute['kind']>(
    name: string,
    kind: Kind,
  ): Extract<Attribute, { readonly kind: Kind }> | undefined {
    const attribute = this.node.attributes.get(name);
    if (attribute !== undefined && attribute.kind !== kind) {
      return this.fail(`attribute '${name}' is of kind ${attribute.kind}, expected ${kind}`);
    }
    return attribute as Extract<Attribute, { readonly kind: Kind }> | undefined;
  }
}
