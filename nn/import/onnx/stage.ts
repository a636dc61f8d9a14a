import type { Activation } from '../../../core/policy.ts';
import { multiplyInto } from './arithmetic.ts';
import type { Numbers } from './array.ts';
import type { Allowance } from './arithmetic.ts';
import type { Operator } from './operator.ts';

/** What a layer of ours may read: the observation, standardised or not, or the layer before it. */
export type Stage = InputStage | StandardisedStage | LayerStage;

interface InputStage {
  readonly kind: 'input';
  readonly width: number;
}

/** `clip((x − mean)·scale, ±clip)` of the observation, every scale positive. */
export interface StandardisedStage {
  readonly kind: 'standardised';
  readonly width: number;
  readonly mean: Float64Array;
  readonly scale: Float64Array;
  /** Infinite where nothing clips. */
  readonly clip: number;
}

/** `φ(z)` of an affine function of the stage before. */
interface LayerStage {
  readonly kind: 'layer';
  readonly width: number;
  readonly activation: Exclude<Activation, 'linear'>;
  readonly before: Affine;
  /** The graph's values that z is made of, side by side, each times its factor. */
  readonly reads: readonly Probe[];
  /** Layers below, this one included. */
  readonly depth: number;
  /** The branches that were put side by side here, in order; none in a layer of the graph's own. */
  readonly branches: readonly LayerStage[];
}

/** A value of the graph that a layer's z equals, times `factor`. */
export interface Probe {
  readonly source: string;
  readonly width: number;
  readonly factor: number;
}

/** `y = s·x + b` per component of a stage, or `y = x·W + b` of all of them: what any run of linear operators comes to. */
export type Affine = DiagonalAffine | DenseAffine;

interface DiagonalAffine {
  readonly stage: Stage;
  readonly width: number;
  /** [width] */
  readonly scale: Float64Array;
  readonly weight?: undefined;
  /** [width] */
  readonly bias: Float64Array;
}

interface DenseAffine {
  readonly stage: Stage;
  readonly width: number;
  /** [stage.width × width] row-major */
  readonly weight: Numbers;
  /** [width] */
  readonly bias: Float64Array;
}

/** As many layers as a policy.json may have. */
const deepest = 64;

/** A stage as it is. */
export function identityOf(stage: Stage): DiagonalAffine {
  return {
    stage,
    width: stage.width,
    scale: new Float64Array(stage.width).fill(1),
    bias: new Float64Array(stage.width),
  };
}

/** Numbers that an affine holds. */
export function sizeOfAffine(affine: Affine): number {
  return (affine.weight ?? affine.scale).length + affine.bias.length;
}

export function isIdentity(affine: Affine): boolean {
  return affine.weight === undefined && affine.scale.every((s) => s === 1) && affine.bias.every((b) => b === 0);
}

/** `s·y + t` per component. @param scale [width]  @param shift [width] */
export function rescaled(affine: Affine, scale: (i: number) => number, shift: (i: number) => number): Affine {
  const bias = affine.bias.map((b, i) => b * scale(i) + shift(i));
  if (affine.weight === undefined) return { ...affine, scale: affine.scale.map((s, i) => s * scale(i)), bias };
  const weight = new Float64Array(affine.weight.length);
  for (let at = 0; at < weight.length; at++) weight[at] = affine.weight[at]! * scale(at % affine.width);
  return { ...affine, weight, bias };
}

/** `y·W + b`. @param weight [width × outputs]  @param bias [outputs] */
export function multiplied(
  operator: Operator,
  allowance: Allowance,
  given: Affine,
  weight: Numbers,
  bias: Float64Array,
): DenseAffine {
  const affine = settled(operator, given, Infinity);
  const outputs = bias.length;
  if (isIdentity(affine)) return { stage: affine.stage, width: outputs, weight, bias };
  const inputs = affine.stage.width;
  const product = allowance.array(operator, [inputs, outputs]).data;
  const sum = Float64Array.from(bias);
  allowance.products(operator, (inputs + 1) * affine.width * (affine.weight === undefined ? 1 : outputs));
  if (affine.weight === undefined)
    for (let i = 0; i < inputs; i++)
      for (let o = 0; o < outputs; o++) product[i * outputs + o] = affine.scale[i]! * weight[i * outputs + o]!;
  else multiplyInto(affine.weight, weight, inputs, affine.width, outputs, product);
  multiplyInto(affine.bias, weight, 1, affine.width, outputs, sum);
  return { stage: affine.stage, width: outputs, weight: product, bias: sum };
}

/** Standardised inputs are computed once, however many branches read them. */
const standardised = new WeakMap<Affine, Map<number, Affine>>();

/**
 * An affine of the observation per component as the standardisation it is: kept apart from the first layer, since folding a mean that
 * is large beside its deviation into float32 weights would cost digits. Every other affine is returned as it is.
 * @param clip limits of `y`, symmetric about 0; Infinity for none
 */
export function settled(operator: Operator, affine: Affine, clip: number): Affine {
  if (affine.stage.kind !== 'input' || affine.weight !== undefined) {
    if (clip !== Infinity) operator.fail('clips the observation after something else has changed it');
    return affine;
  }
  if (clip === Infinity && (isIdentity(affine) || affine.scale.includes(0))) return affine;
  if (affine.scale.includes(0)) operator.fail('clips a feature that is multiplied by 0');
  let known = standardised.get(affine);
  if (known === undefined) standardised.set(affine, (known = new Map()));
  const found = known.get(clip);
  if (found !== undefined) return found;
  const stage: StandardisedStage = {
    kind: 'standardised',
    width: affine.width,
    mean: affine.bias.map((b, i) => (b === 0 ? 0 : -b / affine.scale[i]!)),
    scale: affine.scale.map(Math.abs),
    clip,
  };
  const result = rescaled(
    identityOf(stage),
    (i) => Math.sign(affine.scale[i]!),
    () => 0,
  );
  known.set(clip, result);
  return result;
}

/** A layer's worth of non-linearity on an affine. */
export function activated(
  operator: Operator,
  given: Affine,
  activation: LayerStage['activation'],
  reads: readonly Probe[],
  branches: readonly LayerStage[] = [],
): DiagonalAffine {
  const before = settled(operator, given, Infinity);
  const depth = (before.stage.kind === 'layer' ? before.stage.depth : 0) + 1;
  if (depth > deepest) operator.fail(`more than ${deepest} layers`);
  return identityOf({ kind: 'layer', width: before.width, activation, before, reads, depth, branches });
}

/** The weight matrix of an affine, [stage.width × width]. */
function denseWeight(operator: Operator, allowance: Allowance, affine: Affine): Numbers {
  if (affine.weight !== undefined) return affine.weight;
  const { data } = allowance.array(operator, [affine.width, affine.width]);
  for (let i = 0; i < affine.width; i++) data[i * affine.width + i] = affine.scale[i]!;
  return data;
}

/** A dense affine that only scales its stage, as the diagonal one it is: columns of the observation that were taken apart and put together again. */
function asDiagonal(affine: DenseAffine): Affine {
  const { width, weight } = affine;
  if (affine.stage.width !== width) return affine;
  const off = weight.some((w, at) => w !== 0 && at % width !== Math.floor(at / width));
  return off
    ? affine
    : { ...affine, weight: undefined, scale: Float64Array.from({ length: width }, (_, i) => weight[i * (width + 1)]!) };
}

/** Components of one affine. @param columns which, in order */
export function selected(operator: Operator, allowance: Allowance, affine: Affine, columns: readonly number[]): Affine {
  const inputs = affine.stage.width;
  const weight = denseWeight(operator, allowance, affine);
  const taken = allowance.array(operator, [inputs, columns.length]).data;
  for (let i = 0; i < inputs; i++)
    columns.forEach((column, o) => (taken[i * columns.length + o] = weight[i * affine.width + column]!));
  return {
    stage: affine.stage,
    width: columns.length,
    weight: taken,
    bias: Float64Array.from(columns, (column) => affine.bias[column]!),
  };
}

/** `a ‖ b ‖ …`, their stages made one. */
export function concatenated(operator: Operator, allowance: Allowance, given: readonly Affine[]): Affine {
  const parts = aligned(operator, allowance, given);
  const { stage } = parts[0]!;
  const width = parts.reduce((sum, part) => sum + part.width, 0);
  const weight = allowance.array(operator, [stage.width, width]).data;
  const bias = new Float64Array(width);
  let at = 0;
  for (const part of parts) {
    const own = denseWeight(operator, allowance, part);
    for (let i = 0; i < stage.width; i++)
      weight.set(own.subarray(i * part.width, (i + 1) * part.width), i * width + at);
    bias.set(part.bias, at);
    at += part.width;
  }
  return asDiagonal({ stage, width, weight, bias });
}

/** `a + factor·b` */
export function added(operator: Operator, allowance: Allowance, a: Affine, b: Affine, factor: number): Affine {
  const [one, other] = aligned(operator, allowance, [a, b]) as [Affine, Affine];
  allowance.claim(operator, Math.max(sizeOfAffine(one), sizeOfAffine(other)));
  const bias = one.bias.map((value, i) => value + factor * other.bias[i]!);
  if (one.weight === undefined && other.weight === undefined)
    return { ...one, scale: one.scale.map((value, i) => value + factor * other.scale[i]!), bias };
  const right = denseWeight(operator, allowance, other);
  const left = denseWeight(operator, allowance, one);
  const weight = new Float64Array(left.length);
  for (let at = 0; at < weight.length; at++) weight[at] = left[at]! + factor * right[at]!;
  return { stage: one.stage, width: one.width, weight, bias };
}

/**
 * Affines of branches as affines of one stage. Branches that are as deep as each other and have equal non-linearities (the two streams of
 * a duelling network) are one layer of both widths, with zeros between them.
 */
function aligned(operator: Operator, allowance: Allowance, affines: readonly Affine[]): readonly Affine[] {
  const stages = [...new Set(affines.map((affine) => affine.stage))];
  const [first] = stages;
  if (stages.length === 1) return affines;
  if (!stages.every((stage) => stage.kind === 'layer') || first?.kind !== 'layer')
    return operator.fail('puts branches of different depth together; only a sequence of dense layers can be imported');
  if (stages.some((stage) => stage.activation !== first.activation || stage.depth !== first.depth))
    return operator.fail('puts branches of different depth or non-linearity together');
  const branches = [...new Set(stages.flatMap(branchesOf))];
  const stage =
    stages.find((one) => one.branches.length === branches.length) ?? sideBySide(operator, allowance, branches);
  const offsets = new Map<Stage, number>();
  let width = 0;
  for (const branch of branchesOf(stage)) {
    offsets.set(branch, width);
    width += branch.width;
  }
  return affines.map((affine) => {
    const own = denseWeight(operator, allowance, affine);
    const weight = allowance.array(operator, [stage.width, affine.width]).data;
    let from = 0;
    for (const branch of branchesOf(affine.stage as LayerStage)) {
      const size = branch.width * affine.width;
      weight.set(own.subarray(from, (from += size)), offsets.get(branch)! * affine.width);
    }
    return { stage, width: affine.width, weight, bias: affine.bias };
  });
}

function branchesOf(stage: LayerStage): readonly LayerStage[] {
  return stage.branches.length === 0 ? [stage] : stage.branches;
}

/** Layers of equal depth and non-linearity as one. */
function sideBySide(operator: Operator, allowance: Allowance, branches: readonly LayerStage[]): LayerStage {
  const before = concatenated(
    operator,
    allowance,
    branches.map((branch) => branch.before),
  );
  const reads = branches.flatMap((branch) => branch.reads);
  return activated(operator, before, branches[0]!.activation, reads, branches).stage as LayerStage;
}
