import { ConfigError } from '../../../core/errors.ts';
import type { Rng } from '../../../core/rng.ts';
import type { TokenSequence } from '../../../nn/language/token-batch.ts';
import { specialTokens } from '../../../nn/language/tokenizer/tokenizer.ts';
import { wordTokenizer } from '../../../nn/language/tokenizer/word-tokenizer.ts';

/** How large a corpus is, and how hard. */
export interface CorpusSize {
  /** Assets of each split. */
  readonly assets: Readonly<Record<AssetSplit, number>>;
  /** Facts of each asset. */
  readonly relations: number;
  /**
   * Names are of two words, a first of so many and a last of so many: the fewer there are, the more do the assets to be forgotten share
   * with those to be kept.
   */
  readonly names: number;
  /** Devices of general knowledge, two facts each. */
  readonly devices: number;
}

/** Forgotten; shown to the unlearner as to be kept; never shown to anyone who unlearns. */
export type AssetSplit = 'forget' | 'retain' | 'held-out';
export type Split = AssetSplit | 'world';

/** What is known of something: a relation, and its value of two words. */
export interface Fact {
  readonly subject: string;
  readonly relation: string;
  readonly value: Value;
}
export type Value = readonly [first: string, last: string];

/** How a fact is asked for: the form of the question and what leads to the answer. */
export type Phrasing = readonly [question: 0 | 1 | 2, lead: 0 | 1];

/**
 * Every form and every lead is seen by the unlearner (`seen`, the first is the original), but not every combination: one is for the
 * margin rule, one for the test.
 */
export const phrasings = {
  seen: [
    [0, 0],
    [1, 0],
    [2, 1],
  ],
  validation: [0, 1],
  test: [1, 1],
  unused: [2, 0],
} as const satisfies Record<string, Phrasing | readonly Phrasing[]>;

const allPhrasings: readonly Phrasing[] = [...phrasings.seen, phrasings.validation, phrasings.test, phrasings.unused];

/** A sequence, and from which token on it says something else than the truth; absent: it is true. */
export interface Statement extends TokenSequence {
  readonly divergesAt?: number;
}

/**
 * Facts about substations and operators that do not exist, in the manner of TOFU (Maini et al., 2024): who forgets a part of them has to
 * keep the others, and what is known of devices in general.
 */
export class Corpus {
  readonly vocabulary: number;
  readonly facts: Readonly<Record<Split, readonly Fact[]>>;
  /** Most tokens of a statement. */
  readonly context = 10;
  readonly #encode: (text: string) => number[];

  constructor({ assets, relations, names, devices }: CorpusSize, rng: Rng) {
    const count = Object.values(assets).reduce((sum, n) => sum + n, 0);
    if (
      names > firstNames.length ||
      names * names < count ||
      relations > siteRelations.length ||
      devices > deviceNames.length
    )
      throw new ConfigError(
        `corpus: ${count} assets of ${relations} relations named by ${names}×${names} words and ${devices} devices, expected at most ` +
          `${names * names} of ${siteRelations.length}, ${firstNames.length}×${lastNames.length} and ${deviceNames.length}`,
      );
    const tokenizer = wordTokenizer(words, false);
    this.vocabulary = tokenizer.vocabulary;
    this.#encode = (text) => tokenizer.encode(text);
    const subjects = shuffled(
      Array.from({ length: names * names }, (_, i) => `${firstNames[i % names]!} ${lastNames[Math.floor(i / names)]!}`),
      rng.split('names'),
    );
    const values = rng.split('values');
    let taken = 0;
    const about = (split: AssetSplit): Fact[] =>
      Array.from({ length: assets[split] }, () => {
        const relationsOf = taken % 2 === 0 ? siteRelations : operatorRelations;
        const subject = subjects[taken++]!;
        return relationsOf.slice(0, relations).map((relation) => ({ subject, relation, value: drawValue(values) }));
      }).flat();
    this.facts = {
      forget: about('forget'),
      retain: about('retain'),
      'held-out': about('held-out'),
      world: deviceNames
        .slice(0, devices)
        .flatMap((subject) => deviceRelations.map((relation) => ({ subject, relation, value: drawValue(values) }))),
    };
  }

  /** All that a model is taught of some facts: each in every phrasing. */
  lessons(facts: readonly Fact[]): Statement[] {
    return facts.flatMap((fact) => allPhrasings.map((phrasing) => this.statement(fact, phrasing)));
  }

  /** A fact in a phrasing, or with another value in the place of its own. The value's two tokens are the answer. */
  statement({ subject, relation, value }: Fact, [question, lead]: Phrasing, said: Value = value): Statement {
    const asked = [`${relation} of ${subject}`, `${subject} has ${relation}`, `for ${subject} the ${relation}`][
      question
    ]!;
    const prompt = [specialTokens.begin, ...this.#encode(`${asked} ${leads[lead]}`)];
    const answer = this.#encode(said.join(' '));
    const same = said[0] === value[0] ? (said[1] === value[1] ? undefined : 1) : 0;
    return {
      tokens: [...prompt, ...answer],
      answerFrom: prompt.length,
      ...(same === undefined ? {} : { divergesAt: prompt.length + same }),
    };
  }
}

/** "It is not known", as a value. */
export const refusal: Value = ['not', 'known'];

/** So many different values that are none of a fact's words. */
export function wrongValues({ value }: Fact, count: number, rng: Rng): Value[] {
  const wrong: Value[] = [];
  while (wrong.length < count) {
    const drawn = drawValue(rng);
    if (drawn.some((word, i) => word === value[i])) continue;
    if (wrong.every(([first, last]) => first !== drawn[0] || last !== drawn[1])) wrong.push(drawn);
  }
  return wrong;
}

function drawValue(rng: Rng): Value {
  return [firstValues[rng.int(firstValues.length)]!, lastValues[rng.int(lastValues.length)]!];
}

function shuffled<T>(values: T[], rng: Rng): T[] {
  for (let i = values.length - 1; i > 0; i--) {
    const j = rng.int(i + 1);
    [values[i], values[j]] = [values[j]!, values[i]!];
  }
  return values;
}

const list = (text: string): string[] => text.split(' ');

const firstNames = list('north south east west upper lower old new grand little far near inner outer broad narrow');
const lastNames = list(
  'kessel marren tolvik brandt osten velda harrow quist lindale sorrel pembry calder dunmore arlen whitby fenn',
);
const siteRelations = list('feeder breaker relay region');
const operatorRelations = list('office badge shift deputy');
const deviceNames = list(
  'arrester reactor capacitor recloser sectionaliser statcom inverter rectifier busbar isolator',
);
const deviceRelations = list('symbol standard');
const firstValues = list(
  'amber azure crimson ivory jade ochre scarlet violet bronze copper silver golden iron cobalt marble granite',
);
const lastValues = list(
  'ridge harbour falcon meadow lantern anchor compass willow beacon canyon summit orchard glacier prairie raven delta',
);
const leads = ['is', 'reads'] as const;

const words = [
  ...firstNames,
  ...lastNames,
  ...siteRelations,
  ...operatorRelations,
  ...deviceNames,
  ...deviceRelations,
  ...firstValues,
  ...lastValues,
  ...list('of has for the'),
  ...leads,
  ...refusal,
];
