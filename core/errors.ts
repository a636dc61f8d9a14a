/** Misuse is an error, failing physics is data. Every error says what was got, what was expected, and where. */

/** A position in a text a person wrote: 1-based line and column, and the JSON pointer of the value. */
export interface Place {
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  readonly path?: string | undefined;
}

/** `file:line:column /path`, leaving out what is not known. */
export function formatPlace(place: Place): string {
  const position = [place.file, place.line, place.column].filter((part) => part !== undefined).join(':');
  return [position, place.path].filter((part) => part !== undefined && part !== '').join(' ');
}

// C0, DEL, C1, line separators and what turns the direction of writing: a terminal would obey them.
// oxlint-disable-next-line no-control-regex -- they are what it is about
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A text on one line that no terminal obeys: control characters as `\x1b`, `\u202e`. Names in files can hold anything. */
export function printable(text: string): string {
  return text.replace(controls, (control) => {
    const code = control.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
}

/** The root of our errors. `code` is stable and meant for scripts; `message` is meant for people. */
export abstract class FaultlineError extends Error {
  abstract readonly code: string;
  readonly place: Place | undefined;

  /** @param message one line, or several */
  constructor(message: string | readonly string[], options: { readonly place?: Place; readonly cause?: unknown } = {}) {
    const prefix = options.place === undefined ? '' : formatPlace(options.place);
    const lines = (typeof message === 'string' ? [message] : message).map(printable).join('\n');
    super(
      prefix === '' ? lines : `${printable(prefix)}: ${lines}`,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.place = options.place;
    this.name = new.target.name;
  }
}

/** A scenario, option or schema says something that cannot be. */
export class ConfigError extends FaultlineError {
  readonly code = 'config';
}

/** A data file is damaged: a missing file or column, a short file, something that is not a number. */
export class DataError extends FaultlineError {
  readonly code = 'data';
}

/** A weight or policy file is damaged or is not what it claims to be. */
export class PolicyFileError extends FaultlineError {
  readonly code = 'policy-file';
}

/** A telemetry frame or a message is malformed. */
export class CodecError extends FaultlineError {
  readonly code = 'codec';
}

/** An array has another length or rank than the function needs. */
export class ShapeError extends FaultlineError {
  readonly code = 'shape';
}

/** Something was called out of order: stepped before reset, used after dispose. */
export class StateError extends FaultlineError {
  readonly code = 'state';
}

/** A perturbation left its threat set, or a query budget was exceeded: a defect of an attack, never of its user. */
export class BudgetError extends FaultlineError {
  readonly code = 'budget';
}

/** A number that has to be finite is not: what an environment gave, or what became of a training that diverged. */
export class NonFiniteError extends FaultlineError {
  readonly code = 'non-finite';
}

/** A backend or optional package is not there or failed its self-test. */
export class BackendError extends FaultlineError {
  readonly code = 'backend';
}

/** A controller that is not ours gave no answer, a late one, or one that is not what was asked for. */
export class ControllerError extends FaultlineError {
  readonly code = 'controller';
}

/** The caller asked to stop. */
export class CancelledError extends FaultlineError {
  readonly code = 'cancelled';
}

/** A name nobody registered. The message lists the names there are and the nearest one. */
export class UnknownNameError extends FaultlineError {
  readonly code = 'unknown-name';

  constructor(kind: string, got: string, known: readonly string[], place?: Place) {
    const near = nearest(got, known);
    const hint = near === undefined ? '' : ` Did you mean '${near}'?`;
    super(
      `unknown ${kind} '${got}'.${hint} Known: ${known.length === 0 ? '(none)' : known.join(', ')}.`,
      place === undefined ? {} : { place },
    );
  }
}

/** Asserts a length; the message is made only when it fails, so hot paths pay one comparison. */
export function assertLength(array: { readonly length: number }, expected: number, name: string, where: string): void {
  if (array.length !== expected)
    throw new ShapeError(`${where}: ${name} has ${array.length} values, expected ${expected}`);
}

/** The known name with the smallest edit distance, if it is near enough to be a slip of the hand. */
export function nearest(got: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(got.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(got.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance, two rows. Source: Wagner and Fischer (1974), "The String-to-String Correction Problem". */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, substitution));
    }
    previous = current;
  }
  return previous[b.length]!;
}
