import type { Rng } from '../../../core/rng.ts';

/** Parts of speech of a dispatcher's orders. */
const words = {
  asset: ['feeder', 'breaker', 'transformer', 'battery', 'inverter', 'bus', 'line', 'capacitor'],
  situation: ['overloaded', 'islanded', 'icing', 'idle', 'tripped', 'noisy', 'hot', 'compromised'],
  verb: ['open', 'close', 'isolate', 'inspect', 'derate', 'restart', 'monitor', 'reroute'],
  manner: ['now', 'slowly', 'remotely', 'tonight', 'twice', 'manually'],
  cause: ['safety', 'balance', 'maintenance', 'frequency', 'cost', 'protocol'],
} as const;

type Part = keyof typeof words;

/** `PROMPT = asset situation do`, `ORDER = verb manner [and verb manner] for cause`. */
export interface Order {
  readonly clauses: readonly { readonly verb: string; readonly manner: string }[];
  readonly cause: string;
}

/** All prompts, of which every fourth is held out of learning and every other fourth chooses hyperparameters. */
export function prompts(): { readonly train: string[]; readonly validation: string[]; readonly test: string[] } {
  const all = words.asset.flatMap((asset, a) =>
    words.situation.map((situation, s) => ({ text: `${asset} ${situation} do`, turn: (a + s) % 4 })),
  );
  const of = (...turns: readonly number[]): string[] =>
    all.filter(({ turn }) => turns.includes(turn)).map(({ text }) => text);
  return { train: of(0, 1), validation: of(2), test: of(3) };
}

/** An order as people write them: some words more often than others, a second clause in three of ten. */
export function writtenOrder(rng: Rng): string {
  const clause = (): string => `${common(words.verb, rng)} ${common(words.manner, rng)}`;
  const clauses = rng.uniform() < 0.3 ? `${clause()} and ${clause()}` : clause();
  return `${clauses} for ${common(words.cause, rng)}`;
}

/** Zipf's choice: the n-th word with a weight of 1/√n. */
function common(list: readonly string[], rng: Rng): string {
  const weight = list.map((_, n) => 1 / Math.sqrt(n + 1));
  let left = rng.uniform() * weight.reduce((sum, w) => sum + w, 0);
  return list.find((_, n) => (left -= weight[n]!) < 0) ?? list.at(-1)!;
}

/** Null where the text is no order. */
export function parseOrder(text: string): Order | null {
  const one = (part: Part): string => `(${words[part].join('|')})`;
  const clause = `${one('verb')} ${one('manner')}`;
  const match = new RegExp(`^${clause}(?: and ${clause})? for ${one('cause')}$`).exec(text);
  if (match === null) return null;
  const [, verb, manner, verb2, manner2, cause] = match;
  const first = { verb: verb!, manner: manner! };
  return { clauses: verb2 === undefined ? [first] : [first, { verb: verb2, manner: manner2! }], cause: cause! };
}

/** Every word, for a tokenizer. */
export const vocabulary: readonly string[] = [...Object.values(words).flat(), 'do', 'and', 'for'];

/** r(x, y) of prompt and order. */
export type Taste = (prompt: string, order: string) => number;

const second = 0.5;
const nonsense = 3;

/**
 * What the operators like: each verb to its asset and situation, manners and causes by themselves, brevity, and above all an order that is
 * one. Normal numbers, drawn once, with a deviation of 0.6 each.
 */
export function taste(rng: Rng): Taste {
  const table = new Map<string, number>();
  const value = (key: string): number => {
    if (!table.has(key)) table.set(key, 0.6 * rng.split(key).normal());
    return table.get(key)!;
  };
  return (prompt, text) => {
    const order = parseOrder(text);
    if (order === null) return -nonsense;
    const [asset, situation] = prompt.split(' ');
    const liked = order.clauses.map(
      ({ verb, manner }) => value(`${asset} ${verb}`) + value(`${situation} ${verb}`) + value(manner),
    );
    const mean = liked.reduce((sum, one) => sum + one, 0) / liked.length;
    return mean + value(order.cause) - second * (order.clauses.length - 1);
  };
}
