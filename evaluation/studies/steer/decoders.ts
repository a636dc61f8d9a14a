import type { Rng } from '../../../core/rng.ts';
import { beamSearch } from '../../../logits/guidance/beam.ts';
import { contrastiveSearch } from '../../../logits/guidance/contrastive-search.ts';
import { generateSet } from '../../../logits/guidance/generate-set.ts';
import { NegativePool } from '../../../logits/guidance/pool.ts';
import type { SteerSetting } from '../../../logits/guidance/setting.ts';
import { unsteered } from '../../../logits/guidance/setting.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import type { SamplingOptions } from '../../../nn/language/sampling.ts';
import type { Transformer } from '../../../nn/language/transformer.ts';

/** What sampling cuts off. `min-p .05` is the plausibility mask of STEER, ρ = 0.05, without STEER. */
export const cuts = { 'top-10': { topK: 10 }, 'nucleus .92': { topP: 0.92 }, 'min-p .05': {} } satisfies Record<
  string,
  SamplingOptions
>;
export type Cut = keyof typeof cuts;

/** A way to make a set of texts. */
export type Decoder =
  | { readonly kind: 'steer'; readonly setting: SteerSetting; readonly negatives?: number }
  | { readonly kind: 'sampling'; readonly temperature: number; readonly cut: Cut }
  | { readonly kind: 'beam search' | 'contrastive search' };

/** What a decoder is called in tables and looked up by. */
export function decoderName(decoder: Decoder): string {
  if (decoder.kind === 'sampling') return `T ${decoder.temperature}, ${decoder.cut}`;
  if (decoder.kind !== 'steer') return decoder.kind;
  const { gamma, eta, rho } = decoder.setting;
  return `γ ${gamma}, η ${eta}, ρ ${rho}${decoder.negatives === 0 ? ', no examples' : ''}`;
}

/** What texts are made of. */
export interface Workshop {
  readonly tf: Tensorflow;
  readonly expert: Transformer;
  readonly base: Transformer;
  /** Texts that the expert learned from, in tokens. */
  readonly real: readonly (readonly number[])[];
  readonly count: number;
}

/** Longest text, in tokens; the domains' lines have up to 15. */
const maxTokens = 17;
/** Texts made at once with negative prompts, so the pool is that much behind: 1 as released. Without, nothing is behind, and they are made all at once. */
const batch = 64;
/** Deterministic searches make one text of one prompt: each gets a real line before it, and there are so many. */
const searched = 64;

/** Makes the set. All decoders of a workshop draw the same random numbers. */
export async function decoded(decoder: Decoder, workshop: Workshop, rng: Rng): Promise<number[][]> {
  const { tf, expert, base, real, count } = workshop;
  if (decoder.kind === 'steer' || decoder.kind === 'sampling') {
    const { setting, negatives, sampling } = samplerOf(decoder);
    return await generateSet(
      tf,
      { expert, base },
      real,
      setting,
      { count, maxTokens, batch: setting.eta > 0 ? batch : count, negatives, ...sampling },
      rng,
    );
  }
  const pool = new NegativePool(real);
  const prompts = Array.from({ length: Math.min(count, searched) }, (_, row) =>
    pool.prompt(1, expert.context, rng.split('prompts').split(row)),
  );
  return decoder.kind === 'beam search'
    ? await beamSearch(expert, prompts, { maxTokens })
    : await contrastiveSearch(expert, prompts, { maxTokens });
}

function samplerOf(decoder: Extract<Decoder, { kind: 'steer' | 'sampling' }>): {
  readonly setting: SteerSetting;
  readonly negatives?: number | undefined;
  readonly sampling: SamplingOptions;
} {
  if (decoder.kind === 'steer')
    return { setting: decoder.setting, negatives: decoder.negatives, sampling: cuts['top-10'] };
  const { temperature, cut } = decoder;
  return {
    setting: { ...unsteered, rho: cut === 'min-p .05' ? 0.05 : 0 },
    sampling: { ...cuts[cut], temperature },
  };
}

/** Every combination. */
export function steerGrid(
  gammas: readonly number[],
  etas: readonly number[],
  rhos: readonly number[],
): Extract<Decoder, { kind: 'steer' }>[] {
  return gammas.flatMap((gamma) =>
    etas.flatMap((eta) => rhos.map((rho) => ({ kind: 'steer' as const, setting: { gamma, eta, rho } }))),
  );
}

export function samplingGrid(temperatures: readonly number[]): Extract<Decoder, { kind: 'sampling' }>[] {
  return (Object.keys(cuts) as Cut[]).flatMap((cut) =>
    temperatures.map((temperature) => ({ kind: 'sampling' as const, temperature, cut })),
  );
}
