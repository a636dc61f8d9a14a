import { z } from 'zod';
import { activationNames } from '../nn/activation.ts';
import type { Activation } from '../core/policy.ts';
import type { Initialisation } from '../nn/initialise.ts';

/** The schema of hidden layers' widths. */
export const widths = z.array(z.int().min(1).max(4096)).min(1).max(8);

/** Widths of hidden layers: one list for all networks of a learner, or a list for the actor and one for the critic. */
export function netArch<const Critic extends 'vf' | 'qf'>(critic: Critic) {
  return z.union([widths, z.strictObject({ pi: widths, [critic]: widths } as Record<'pi' | Critic, typeof widths>)]);
}

/** The schema of a hidden layer's activation. */
export const activation = z.enum(activationNames as readonly [Activation, ...Activation[]]);

/** What `netArch` takes. */
export type NetArch = readonly number[] | { readonly [network: string]: readonly number[] };

/** The hidden widths of the actor (`pi`) or the critic. */
export function hiddenWidths(arch: NetArch, network: 'pi' | 'vf' | 'qf'): readonly number[] {
  return Array.isArray(arch) ? arch : (arch as { readonly [network: string]: readonly number[] })[network]!;
}

/** How a network starts under `ortho_init`, its last layer with a gain of its own. */
export function startingWeights(orthogonal: boolean, outputGain: number): Initialisation {
  return orthogonal ? { kind: 'orthogonal', outputGain } : { kind: 'torch-linear' };
}
