import type { ThreatModel } from '../../core/attack.ts';
import { rng } from '../../core/rng.ts';
import type { Ask } from './reference-search.ts';
import { referenceAcg, referenceApgd, referencePgd, referenceReacg } from './reference-search.ts';

/** Which independent searches each of ours is held against. */
export const opponents = {
  pgd: ['pgd'],
  apgd: ['pgd', 'apgd'],
  acg: ['acg', 'apgd'],
  reacg: ['reacg'], // with few gradients behind ACG by its own windows, as published
} as const;

type OpponentName = (typeof opponents)[keyof typeof opponents][number];

/** What a search reached on a batch: the mean of its objective, and the share of the rows where that is above 0. */
export interface Reached {
  readonly success: number;
  readonly mean: number;
}

export function reached(values: readonly number[]): Reached {
  return {
    success: values.filter((value) => value > 0).length / values.length,
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
  };
}

/** The opponents of some of our attacks on clean rows [rows×O], in so many gradients a row. */
export function opponentsReach(
  ask: Ask,
  x: Float32Array,
  threat: ThreatModel,
  gradients: number,
  attacks: readonly (keyof typeof opponents)[],
): Readonly<Partial<Record<OpponentName, Reached>>> {
  const search = {
    pgd: () => referencePgd(ask, x, threat, gradients, rng(2)),
    apgd: () => referenceApgd(ask, x, threat, gradients, rng(3)),
    acg: () => referenceAcg(ask, x, threat, gradients),
    reacg: () => referenceReacg(ask, x, threat, gradients),
  };
  const wanted = new Set(attacks.flatMap((attack): readonly OpponentName[] => opponents[attack]));
  return Object.fromEntries([...wanted].map((name) => [name, reached(search[name]().value)]));
}

/** What theirs reaches beyond ours: in success, and in the mean objective as a share of what theirs gains on the clean rows. */
export function shortfall(ours: Reached, theirs: Reached, clean: Reached): Reached {
  const gain = theirs.mean - clean.mean;
  return { success: theirs.success - ours.success, mean: gain === 0 ? 0 : (theirs.mean - ours.mean) / gain };
}

/** Rows [rows×size] one by one, as the reference searches take them. */
export function rowsOf(x: Float32Array, size: number): number[][] {
  return Array.from({ length: x.length / size }, (_, r) => [...x.subarray(r * size, (r + 1) * size)]);
}
