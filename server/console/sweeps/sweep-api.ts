import type { ExecutorKind, RunState, RunSummary } from '../../events.ts';
import { getJson } from '../wire/api.ts';

export interface Sweep {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly executor: ExecutorKind;
  readonly states: Readonly<Partial<Record<RunState, number>>>;
  /** How often one of its runs was begun again. */
  readonly retried: number;
}

/** A combination of the varied values, by JSON pointer, with its runs. */
export interface Cell {
  readonly values: Readonly<Record<string, unknown>>;
  readonly runs: readonly RunSummary[];
}

export async function getSweeps(signal: AbortSignal): Promise<readonly Sweep[]> {
  return (await getJson<{ readonly sweeps: readonly Sweep[] }>('/sweeps', signal)).sweeps;
}

const endStates: readonly RunState[] = ['done', 'failed', 'cancelled', 'interrupted'];

/** Runs in all, those that are over, and those of them that are not done. */
export function countsOf({ states }: Sweep): { readonly all: number; readonly over: number; readonly lost: number } {
  const sum = (of: readonly RunState[]): number => of.reduce((total, state) => total + (states[state] ?? 0), 0);
  const all = Object.values(states).reduce((total, count) => total + count, 0);
  const over = sum(endStates);
  return { all, over, lost: over - (states.done ?? 0) };
}

/** `/attacks/0/threat/epsilon` → `attacks 0 threat epsilon`'s last word, or more of it where two end alike. */
export function axisNames(pointers: readonly string[]): ReadonlyMap<string, string> {
  const last = (pointer: string, words: number): string => pointer.split('/').slice(1).slice(-words).join(' ');
  return new Map(
    pointers.map((pointer) => {
      const short = last(pointer, 1);
      const alike = pointers.filter((other) => last(other, 1) === short).length > 1;
      return [pointer, alike || /^(?:name|\d+)$/.test(short) ? last(pointer, 3) : short];
    }),
  );
}

export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
