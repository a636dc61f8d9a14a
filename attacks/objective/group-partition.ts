import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import type { Objective } from '../../core/victim.ts';
import { groupMargin } from '../../logits/group-margin.ts';
import { nearestBin } from '../../logits/nearest-bin.ts';
import { categoricalObjective } from './categorical.ts';

/** A grouped margin over groups of one's own. */
export const groupsSpec = z
  .strictObject({
    groups: z
      .array(z.array(z.number()).min(1).max(4096).meta({ title: 'Bins' }))
      .min(1)
      .max(256)
      .meta({ title: 'Groups', description: 'Lists of bins; bins in none of them are one group more.' }),
    by: z
      .enum(['index', 'action'])
      .default('index')
      .meta({ title: 'By', description: 'Whether a bin is named by its index, from 0, or by its action.' }),
    reduce: z.enum(['max', 'log-sum-exp']).default('max').meta({
      title: 'Reduce',
      description: 'What a group’s logit is: its largest, or the log of its summed exponentials.',
    }),
  })
  .meta({ title: 'Groups', description: 'The grouped margin over any partition of the actions.' });

type Groups = z.output<typeof groupsSpec>;

/**
 * `M_g = max_{i∈g} z_i − max_{j∉g} z_j` over any partition of the bins: away from the clean decision `−M` of its group; to force an action
 * M of that action's group; towards a side M of the group of the bin furthest on it. With `log-sum-exp` for max, M is the log odds of the
 * group. Source: arXiv 2407.05182 for two groups, with the true maximum.
 * @throws {ConfigError} when a bin is not there, is in two groups, or one group has them all.
 */
export function groupPartition(spec: Groups): Objective {
  const soft = spec.reduce === 'log-sum-exp';
  let of: readonly number[] | undefined;
  let known: Partition | undefined;
  const partition = (values: readonly number[]): Partition => {
    if (known === undefined || of !== values) {
      known = partitionOf(spec, values);
      of = values;
    }
    return known;
  };
  return categoricalObjective(
    `groups of ${spec.by === 'index' ? 'bins' : 'actions'}`,
    (logits, at, values, label, side, forced, gradient) => {
      const { groupOf, lowest, highest } = partition(values);
      if (forced >= 0) return groupMargin(logits, at, groupOf, groupOf[forced]!, soft, gradient, 1);
      if (side !== 0) return groupMargin(logits, at, groupOf, groupOf[side < 0 ? lowest : highest]!, soft, gradient, 1);
      return groupMargin(logits, at, groupOf, groupOf[label]!, soft, gradient, -1);
    },
    (values) => {
      partition(values);
    },
  );
}

interface Partition {
  /** [K] the group of each bin. */
  readonly groupOf: Int32Array;
  /** The bins whose actions lie furthest on either side. */
  readonly lowest: number;
  readonly highest: number;
}

function partitionOf({ groups, by }: Groups, values: readonly number[]): Partition {
  const groupOf = new Int32Array(values.length).fill(groups.length);
  groups.forEach((bins, group) => {
    for (const named of bins) {
      const bin = by === 'index' ? named : binOf(named, values);
      if (!Number.isInteger(bin) || bin < 0 || bin >= values.length)
        throw new ConfigError(`groups: there is no bin ${named}; the policy has 0 … ${values.length - 1}`);
      if (groupOf[bin] !== groups.length)
        throw new ConfigError(`groups: bin ${bin} (action ${values[bin]}) is in groups ${groupOf[bin]} and ${group}`);
      groupOf[bin] = group;
    }
  });
  if (groupOf.every((group) => group === groupOf[0]))
    throw new ConfigError('groups: one group has all bins; there is no other to be pushed to');
  const extreme = (sign: number): number => values.indexOf(sign * Math.max(...values.map((value) => sign * value)));
  return { groupOf, lowest: extreme(-1), highest: extreme(1) };
}

/** The bin of an action, which may be written with rounding: within a tenth of the smallest gap between bins. */
function binOf(action: number, values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const gap = Math.min(...sorted.slice(1).map((value, i) => value - sorted[i]!));
  const bin = nearestBin(values, action);
  if (Math.abs(values[bin]! - action) > gap / 10)
    throw new ConfigError(`groups: no bin has the action ${action}; the policy's are ${values.join(', ')}`);
  return bin;
}
