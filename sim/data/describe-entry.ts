/** Reading a document that may not be what it should: what is of another type counts as absent. */

/** A document's object whose values may be anything. */
export type Entry = Readonly<Record<string, unknown>>;

export const entry = (value: unknown): Entry =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Entry) : {};
export const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
export const amount = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;
export const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
export const className = (dotted: string): string => dotted.split('.').at(-1) ?? dotted;
