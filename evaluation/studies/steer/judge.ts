import { fieldsOf } from './grammar.ts';
import type { Grammar } from './grammar.ts';

/** What a set of texts is worth by the rule of its domain. Shares are of all texts. */
export interface DomainFigures {
  /** Of the domain's form. */
  readonly format: number;
  /** Of the form, and obeying the rule: valid. */
  readonly coherent: number;
  /** Coherent, not among the examples that the expert learned from, and not there before in the set. */
  readonly novel: number;
  /** Different coherent combinations. */
  readonly distinct: number;
  /** Entropy of the spread slot over the texts of the form, 1 where all its values are as frequent; null where none is of the form. */
  readonly entropy: number | null;
}

/** @param known what the expert learned from */
export function judge(grammar: Grammar, lines: readonly string[], known: ReadonlySet<string>): DomainFigures {
  const formed = lines.flatMap((line) => {
    const fields = fieldsOf(grammar, line);
    return fields === null ? [] : [{ line, fields }];
  });
  const coherent = formed.filter(({ fields }) => grammar.coherent(fields));
  const novel = new Set(coherent.map(({ line }) => line).filter((line) => !known.has(line)));
  const combinations = new Set(coherent.map(({ fields }) => grammar.combination.map((slot) => fields[slot]!).join()));
  const { spread, slots } = grammar;
  return {
    format: formed.length / lines.length,
    coherent: coherent.length / lines.length,
    novel: novel.size / lines.length,
    distinct: combinations.size,
    entropy:
      formed.length === 0
        ? null
        : evenness(
            formed.map(({ fields }) => fields[spread]!),
            slots[spread]!.length,
          ),
  };
}

/** Entropy of the frequencies of some values, over that of `kinds` equally frequent ones. */
function evenness(values: readonly string[], kinds: number): number {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let entropy = 0;
  for (const count of counts.values()) entropy -= (count / values.length) * Math.log(count / values.length);
  return entropy / Math.log(kinds);
}
