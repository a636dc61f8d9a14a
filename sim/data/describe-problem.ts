import { formatPlace } from '../../core/errors.ts';
import type { Place } from '../../core/errors.ts';

/** One thing to know about a folder: an error is what cannot be read or simulated, a warning what a reader may not expect. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly place: Place;
  readonly message: string;
}

export type Report = (problem: Problem) => void;

/** `file:line:column /path: message` */
export function problemText({ place, message }: Problem): string {
  const where = formatPlace(place);
  return where === '' ? message : `${where}: ${message}`;
}

/** Faults of a kind that are listed one by one; the rest of them are counted. */
const listed = 3;

/** Reports errors of one file, the first few of each kind with their places and then how many more there are. */
export function limited(
  file: string,
  report: Report,
): { readonly add: (kind: string, place: Omit<Place, 'file'>, message: string) => void; readonly end: () => void } {
  const kinds = new Map<string, { count: number; readonly first: string; readonly place: Omit<Place, 'file'> }>();
  return {
    add(kind, place, message) {
      const known = kinds.get(kind) ?? { count: 0, first: message, place };
      kinds.set(kind, known);
      if (known.count++ < listed) report({ severity: 'error', place: { file, ...place }, message });
    },
    end() {
      for (const { count, first, place } of kinds.values()) {
        if (count <= listed) continue;
        const column = place.column === undefined ? '' : ` in column ${place.column}`;
        report({
          severity: 'error',
          place: { file },
          message: `${count - listed} more${column} like: ${first}`,
        });
      }
    },
  };
}
