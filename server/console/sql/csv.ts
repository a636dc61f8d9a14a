import type { SqlAnswer } from './sql-api.ts';

/** A cell as a person reads it; structures as JSON. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean);
}

/** An answer as CSV (RFC 4180): a field with a comma, a quote or a line's end stands in quotes. */
export function csvOf({ columns, rows }: SqlAnswer): string {
  const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [columns.map(({ name }) => name), ...rows.map((row) => row.map(cellText))]
    .map((row) => `${row.map(field).join(',')}\r\n`)
    .join('');
}
