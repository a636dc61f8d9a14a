import { ConfigError } from '../../../core/errors.ts';
import type { Head } from '../../../core/policy.ts';
import { boundsOf, categoricalHead, namedHead } from '../head.ts';
import type { ChosenHead } from '../head.ts';
import type { ImportOptions } from '../imported-model.ts';
import type { Operator } from './operator.ts';
import { rescaled } from './stage.ts';
import type { Affine } from './stage.ts';
import type { AffineValue, ClippedValue, Traced } from './traced.ts';

/** What a graph's output means under one of our heads. */
export interface Reading {
  /** Our raw outputs. */
  readonly affine: Affine;
  /** Values of the graph that, side by side, are `scale·ours + shift`: what ours are compared with. */
  readonly probes: readonly string[];
  readonly scale: readonly number[];
  readonly shift: readonly number[];
  readonly chosen: ChosenHead;
}

/**
 * A softmax, its logarithm or an argmax at the end make a categorical head, a tanh or a sigmoid a squashed Gaussian's, two limits a
 * deterministic one; what else comes out is what the options say.
 * @param operator the node that made the output, for messages
 */
export function readingOf(
  operator: Operator,
  traced: Exclude<Traced, { readonly kind: 'constant' }>,
  options: ImportOptions,
): Reading {
  if (traced.kind === 'affine') return squashed(traced, options) ?? plain(traced, options);
  if (traced.kind === 'clipped') return limited(operator, traced, options);
  if (traced.kind === 'log-sum')
    return operator.fail('the output is the logarithm of a sum, expected scores or actions');
  const { affine, source } = traced.of;
  const told = traced.kind === 'choice' && traced.values.some((value, k) => value !== k);
  const chosen = categoricalHead(affine.width, told ? { ...options, values: [...traced.values] } : options);
  const left = traced.kind === 'choice' ? 'argmax' : traced.kind;
  const note = `The ${left} at the end was left away: decisions and the order of scores are the same.`;
  return as(affine, source, { ...chosen, notes: [...chosen.notes, note] });
}

/** Outputs that are the graph's own. */
function as(affine: Affine, source: string, chosen: ChosenHead): Reading {
  const { width } = affine;
  const scale = Array<number>(width).fill(1);
  return { affine, probes: [source], scale, shift: scale.map(() => 0), chosen };
}

/** A tanh at the end, scaled or not: the mean before it, under a squashed Gaussian's head. */
function squashed({ affine }: AffineValue, options: ImportOptions): Reading | null {
  const { stage } = affine;
  if (affine.weight !== undefined || stage.kind !== 'layer' || stage.activation !== 'tanh') return null;
  if (affine.scale.includes(0) || (options.head !== undefined && options.head !== 'squashed-gaussian')) return null;
  const low = Array.from(affine.scale, (s, a) => affine.bias[a]! - Math.abs(s));
  const high = Array.from(affine.scale, (s, a) => affine.bias[a]! + Math.abs(s));
  const plainTanh = low.every((bound, a) => bound === -1 && high[a] === 1);
  const given = plainTanh ? boundsOf(options) : null;
  if (given !== null && given.low.length !== low.length)
    throw new ConfigError(`the network has ${low.length} actions, the bounds are of ${given.low.length}`);
  const bounds = given ?? { low, high };
  const chosen = namedHead(affine.width, { ...options, head: 'squashed-gaussian', ...bounds });
  // Ours is the mean whose tanh grows with the action.
  const sign = Array.from(affine.scale, Math.sign);
  return {
    affine: rescaled(
      stage.before,
      (a) => sign[a]!,
      () => 0,
    ),
    probes: stage.reads.map((probe) => probe.source),
    scale: stage.reads
      .flatMap(({ width, factor }) => Array<number>(width).fill(1 / factor))
      .map((factor, a) => sign[a]! * factor),
    shift: sign.map(() => 0),
    chosen: {
      ...chosen,
      notes: [
        ...chosen.notes,
        given === null
          ? 'The tanh (or sigmoid) at the end is the head’s.'
          : 'The tanh at the end is the head’s; its ±1 are the bounds of the action.',
      ],
    },
  };
}

/** Limits at the end: those of a deterministic head, or of another that the options name. */
function limited(operator: Operator, traced: ClippedValue, options: ImportOptions): Reading {
  const [low, high] = [[...traced.low], [...traced.high]];
  const open = low.findIndex((bound, a) => bound === -Infinity || high[a] === Infinity);
  if (open >= 0) operator.fail(`action ${open} is limited to ${low[open]} … ${high[open]}, expected two finite limits`);
  const named = namedHead(traced.affine.width, { ...options, head: options.head ?? 'deterministic', low, high });
  const { head } = named;
  if (head.kind === 'categorical' || head.kind === 'squashed-gaussian')
    throw new ConfigError(
      `the graph clips its output, which a ${head.kind} head does not; expected deterministic or gaussian`,
    );
  const notes = [...named.notes, 'The limits at the end are the head’s.'];
  return onScaleOf(head, {
    ...as(traced.affine, traced.source, { ...named, notes }),
    scale: Array.from(traced.scale, (s) => 1 / s),
    shift: Array.from(traced.shift, (t, a) => -t / traced.scale[a]!),
  });
}

/** Whatever else comes out: what the options say it is. */
function plain({ affine, source }: AffineValue, options: ImportOptions): Reading {
  const reading = as(affine, source, namedHead(affine.width, options));
  return onScaleOf(reading.chosen.head, reading);
}

/** A Gaussian's mean in physical units as ours, on the scale from 0 (low) to 1 (high); the other heads' outputs as they are. */
function onScaleOf(head: Head, reading: Reading): Reading {
  if (head.kind !== 'gaussian') return reading;
  const span = head.low.map((low, a) => head.high[a]! - low);
  const { scale, shift } = reading;
  return {
    ...reading,
    affine: rescaled(
      reading.affine,
      (k) => 1 / (span[k] ?? 1),
      (k) => -(head.low[k] ?? 0) / (span[k] ?? 1),
    ),
    scale: scale.map((s, k) => s * (span[k] ?? 1)),
    shift: shift.map((t, k) => t + scale[k]! * (head.low[k] ?? 0)),
  };
}
