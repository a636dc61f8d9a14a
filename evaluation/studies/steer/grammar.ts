import type { Rng } from '../../../core/rng.ts';
import { shuffle } from '../../../core/shuffle.ts';

/** What stands in the slots of a line, by their names. */
export type Fields = Readonly<Record<string, string>>;

/** Lines of one form, of which only some make sense. */
export interface Grammar {
  /** Words, and slots in braces: `attacker {vector} the {asset}`. */
  readonly template: string;
  readonly slots: Readonly<Record<string, readonly string[]>>;
  /** The rule of the domain: whether what stands in the slots goes together. */
  coherent(fields: Fields): boolean;
  /** The slot whose entropy tells how diverse lines are. */
  readonly spread: string;
  /** Weights of its values among coherent lines: some are common in practice, and others rare. Absent: all alike. */
  readonly prevalence?: readonly number[];
  /** The slots that the rule is about: lines that differ in them are different combinations. */
  readonly combination: readonly string[];
}

export function written(grammar: Grammar, fields: Fields): string {
  return grammar.template.replace(/\{(\w+)\}/g, (_, slot: string) => fields[slot]!);
}

/** What a line has in its slots; null where it is not of the form. */
export function fieldsOf(grammar: Grammar, line: string): Fields | null {
  const words = line.split(' ');
  const template = grammar.template.split(' ');
  if (words.length !== template.length) return null;
  const fields: Record<string, string> = {};
  for (const [at, part] of template.entries()) {
    const slot = /^\{(\w+)\}$/.exec(part)?.[1];
    if (slot === undefined ? words[at] !== part : !grammar.slots[slot]!.includes(words[at]!)) return null;
    if (slot !== undefined) fields[slot] = words[at]!;
  }
  return fields;
}

/** A line with every slot drawn by itself: coherent only by chance. */
export function anyLine(grammar: Grammar, rng: Rng): string {
  return written(grammar, anyFields(grammar, rng));
}

/** A line of the form that makes no sense: words drawn by themselves until the rule is broken. */
export function incoherentLine(grammar: Grammar, rng: Rng): string {
  for (;;) {
    const fields = anyFields(grammar, rng);
    if (!grammar.coherent(fields)) return written(grammar, fields);
  }
}

/** A coherent line: what is in the spread slot by its prevalence, the rest evenly from all that goes with it. */
export function coherentLine(grammar: Grammar, rng: Rng): string {
  const { spread, slots, prevalence = slots[spread]!.map(() => 1) } = grammar;
  const total = prevalence.reduce((sum, weight) => sum + weight, 0);
  let left = rng.uniform() * total;
  const at = prevalence.findIndex((weight) => (left -= weight) < 0);
  const drawn = slots[spread]!.at(at)!;
  for (;;) {
    const fields = { ...anyFields(grammar, rng), [spread]: drawn };
    if (grammar.coherent(fields)) return written(grammar, fields);
  }
}

/** Zipf's law over n values, 1/rank, in an order drawn at random. */
export function zipf(n: number, rng: Rng): number[] {
  const order = Int32Array.from({ length: n }, (_, rank) => rank);
  shuffle(order, rng);
  return Array.from(order, (rank) => 1 / (rank + 1));
}

/** So many different coherent lines. */
export function coherentLines(grammar: Grammar, count: number, rng: Rng): string[] {
  const lines = new Set<string>();
  while (lines.size < count) lines.add(coherentLine(grammar, rng));
  return [...lines];
}

function anyFields({ slots }: Grammar, rng: Rng): Fields {
  return Object.fromEntries(Object.entries(slots).map(([name, values]) => [name, values[rng.int(values.length)]!]));
}

/**
 * Which b go with each a: the first `share` of them in an order drawn for each a, at least one. A larger share only adds pairs. Every b goes with some a, where
 * there are not more b than a.
 * @returns whether a and b go together
 */
export function pairs(
  a: readonly string[],
  b: readonly string[],
  share: number,
  rng: Rng,
): (one: string, other: string) => boolean {
  const firsts = Int32Array.from(a.keys());
  shuffle(firsts, rng);
  const allowed = new Map(
    a.map((one, i) => {
      const first = firsts[i]! % b.length;
      const order = Int32Array.from(b.keys()).filter((at) => at !== first);
      shuffle(order, rng.split(one));
      const kept = [first, ...order].slice(0, Math.max(1, Math.round(share * b.length)));
      return [one, new Set(kept.map((at) => b[at]!))];
    }),
  );
  return (one, other) => allowed.get(one)?.has(other) ?? false;
}
