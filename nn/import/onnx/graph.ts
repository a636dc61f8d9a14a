import type { NumberArray } from './array.ts';

/** An attribute of a node, of the kinds that our operators have. */
export type Attribute =
  | { readonly kind: 'real'; readonly value: number }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'reals'; readonly value: readonly number[] }
  | { readonly kind: 'integers'; readonly value: readonly number[] }
  | { readonly kind: 'array'; readonly value: NumberArray }
  /** A graph, a sparse tensor, a type: known to be there, and not read. */
  | { readonly kind: 'other' };

/** One operator of a graph. */
export interface OnnxNode {
  /** The file's name for it, or its position where it has none. */
  readonly name: string;
  readonly operator: string;
  /** Empty for the operators of ONNX itself. */
  readonly domain: string;
  /** Names of values; an empty one is an optional input that was left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** Where it begins in the file, if it stands in one. */
  readonly byte: number | undefined;
}

/** A graph's input or output: a dimension is a number, or its name (a batch of any size), or empty. */
export interface OnnxValue {
  readonly name: string;
  readonly dims: readonly (number | string)[] | undefined;
}

/** What we read of a model. */
export interface OnnxGraph {
  readonly file: string;
  readonly producer: string;
  /** Version of ONNX's own operators. */
  readonly opset: number;
  /** In the order of computation: a node reads only inputs, constants and what nodes before it wrote. */
  readonly nodes: readonly OnnxNode[];
  readonly constants: ReadonlyMap<string, NumberArray>;
  /** Without those that are constants. */
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}
