import type { Feature } from '../../core/space.ts';

/** A feature whose normalised value is its physical one: low 0, high 1. */
export function raw(name: string, unit: string): Feature {
  return { name, unit, low: 0, high: 1 };
}
