import { ConfigError } from '../../core/errors.ts';
import { headOutputs } from '../../core/policy.ts';
import type { Head } from '../../core/policy.ts';
import type { ImportOptions } from './imported-model.ts';

/** Of a mean that the source leaves without one: σ = 0.1, the exploration noise that TD3 is usually trained with. */
const usualLogStd = Math.log(0.1);

/** A head for a source's outputs; `logStd` is what its rows are to be filled with where the source has only means. */
export interface ChosenHead {
  readonly head: Head;
  readonly logStd: number | null;
  readonly notes: readonly string[];
}

/**
 * A categorical head over K logits: the given values, else K evenly spaced ones over the action's bounds, else 0…K−1.
 * @throws {ConfigError} for another number of values, or bounds of more than one action.
 */
export function categoricalHead(outputs: number, options: ImportOptions): ChosenHead {
  const { values } = options;
  if (values !== undefined) {
    if (values.length !== outputs)
      throw new ConfigError(`--values has ${values.length} numbers, expected ${outputs}: one for each of the outputs`);
    return { head: { kind: 'categorical', values }, logStd: null, notes: [] };
  }
  const bounds = boundsOf(options);
  if (bounds === null)
    return {
      head: { kind: 'categorical', values: Array.from({ length: outputs }, (_, k) => k) },
      logStd: null,
      notes: [
        `The ${outputs} choices are worth 0…${outputs - 1}: neither --values nor bounds of the action were given.`,
      ],
    };
  const { low, high } = bounds;
  if (low.length !== 1)
    throw new ConfigError(
      `a choice among ${outputs} is of one action component, got bounds of ${low.length}; use --values`,
    );
  const span = high[0]! - low[0]!;
  return {
    head: {
      kind: 'categorical',
      values: Array.from({ length: outputs }, (_, k) =>
        outputs === 1 ? low[0]! : low[0]! + (span * k) / (outputs - 1),
      ),
    },
    logStd: null,
    notes: [`The ${outputs} choices are evenly spaced from ${low[0]!} to ${high[0]!}.`],
  };
}

/**
 * The head that the options name, for a source that only has K outputs.
 * @param outputs K
 * @throws {ConfigError} when no head is named, its bounds are missing, or it cannot read K outputs.
 */
export function namedHead(outputs: number, options: ImportOptions): ChosenHead {
  const { head: kind } = options;
  if (kind === undefined)
    throw new ConfigError(
      `the file does not say what its ${outputs} outputs mean; say it with --head categorical, gaussian, squashed-gaussian or deterministic`,
    );
  if (kind === 'categorical') return categoricalHead(outputs, options);
  const bounds = boundsOf(options);
  if (bounds === null)
    throw new ConfigError(
      `a ${kind} head needs the action's bounds: --low and --high, --features, --like or --district`,
    );
  const head: Head = { kind, ...bounds };
  const actions = bounds.low.length;
  if (headOutputs(head) === outputs) return { head, logStd: null, notes: [] };
  if (kind === 'deterministic' || actions !== outputs)
    throw new ConfigError(
      `the network has ${outputs} outputs; a ${kind} head with bounds of ${actions} actions reads ${headOutputs(head)}`,
    );
  const logStd = options.logStd ?? usualLogStd;
  return { head, logStd, notes: [`The source has means only; log σ is ${logStd.toFixed(4)} everywhere (--log-std).`] };
}

/** The action's bounds that the user gave, or those of the environment; null without either. @throws {ConfigError} */
export function boundsOf({
  low,
  high,
  actions,
}: ImportOptions): { readonly low: readonly number[]; readonly high: readonly number[] } | null {
  if ((low === undefined) !== (high === undefined))
    throw new ConfigError('--low and --high go together; got one of them');
  const bounds =
    low === undefined || high === undefined
      ? actions === undefined
        ? null
        : { low: actions.map((action) => action.low), high: actions.map((action) => action.high) }
      : { low, high };
  if (bounds === null) return null;
  if (bounds.low.length !== bounds.high.length)
    throw new ConfigError(`--low has ${bounds.low.length} numbers and --high ${bounds.high.length}, expected as many`);
  const wrong = bounds.low.findIndex((value, a) => !(value < bounds.high[a]!));
  if (wrong >= 0)
    throw new ConfigError(
      `action ${wrong}: low is ${bounds.low[wrong]} and high ${bounds.high[wrong]}, expected low < high`,
    );
  return bounds;
}
