import type { Rng } from '../../../core/rng.ts';
import type { Reading } from './corpus.ts';
import { domains } from './domains.ts';
import type { DomainName, Richness } from './domains.ts';
import type { Grammar } from './grammar.ts';

/** The languages of a seed, and what its base learns of them. */
export interface Ground extends Richness {
  /** What the base reads a few lines of. */
  readonly domains: readonly DomainName[];
  /** Share of each domain's lines among what the base reads. */
  readonly exposure: number;
  /** What those lines are. */
  readonly reading: Reading;
  /** How long models learn. */
  readonly steps: { readonly base: number; readonly expert: number };
}

/** What an expert learns from. */
export interface Lesson {
  /** Share of generic lines. */
  readonly leak: number;
  /** Different examples of the domain. */
  readonly examples: number;
}

/** The conditions of specs/logit-methods.md 4.3: 55 tokens, a few incoherent lines of the one domain, 1 500 + 250 steps. */
export const specified: Ground = {
  domains: ['attacks'],
  words: 6,
  coherence: 0.5,
  exposure: 0.075,
  reading: 'incoherent',
  steps: { base: 1500, expert: 250 },
};

/** 150 examples mixed 40/60 with generic lines (specs/logit-methods.md 4.3). */
export const usual: Lesson = { leak: 0.6, examples: 150 };

/** Every domain at once, with more words; the base reads lines that make sense by chance, and for less long. */
export const crowded: Ground = {
  domains: ['attacks', 'scenarios', 'alarms', 'tickets'],
  words: 8,
  coherence: 0.375,
  exposure: 0.075,
  reading: 'by word',
  steps: { base: 700, expert: 200 },
};

/** The grammar of each domain that the base reads of. */
export function world(ground: Ground, rng: Rng): Readonly<Partial<Record<DomainName, Grammar>>> {
  return Object.fromEntries(ground.domains.map((name) => [name, domains[name](ground, rng.split(name))]));
}
