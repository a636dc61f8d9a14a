import { Composer, Document as EmptyDocument, isMap, isPair, isScalar, LineCounter, Parser } from 'yaml';
import type { Document, Node } from 'yaml';
import type { z } from 'zod';
import { ConfigError, formatPlace, nearest } from './errors.ts';
import type { Place } from './errors.ts';

/** One thing wrong in a document, with its place in the text. */
export interface DocumentIssue {
  readonly place: Place;
  readonly message: string;
}

/** Of a text that is no YAML at all, each line is an issue. */
const mostListed = 20;

/** A YAML or JSON document that does not satisfy its schema; the first issues are listed, each with `file:line:column /path`. */
export class DocumentError extends ConfigError {
  readonly issues: readonly DocumentIssue[];

  constructor(issues: readonly DocumentIssue[]) {
    const lines = issues.slice(0, mostListed).map((issue) => `${formatPlace(issue.place)}: ${issue.message}`);
    if (issues.length > mostListed) lines.push(`and ${issues.length - mostListed} more`);
    super(lines);
    this.issues = issues;
  }
}

/**
 * Parses YAML (and so JSON) text and validates it against a zod schema.
 * @param file what a person would call the text, for messages
 * @throws {DocumentError} with every issue's line, column and JSON pointer; unknown keys name the nearest known one.
 */
export function parseDocumentAs<T>(text: string, file: string, schema: z.ZodType<T>): T {
  const lines = new LineCounter();
  const document = documentOf(text, file, lines);
  const place = (offset: number | undefined, path: readonly PropertyKey[]): Place => {
    const position = offset === undefined ? undefined : lines.linePos(offset);
    return { file, line: position?.line, column: position?.col, path: pointer(path) };
  };
  if (document.errors.length > 0) {
    throw new DocumentError(
      document.errors.map((error) => ({
        place: place(error.pos[0], []),
        message: error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, ''),
      })),
    );
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 }) ?? undefined; // an empty document takes every default
  } catch (error) {
    throw new DocumentError([{ place: place(0, []), message: error instanceof Error ? error.message : String(error) }]);
  }
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new DocumentError(
    issuesOf(parsed.error.issues, value, schema, (path, key) =>
      place(offsetOf(document, path, key), key === undefined ? path : [...path, key]),
    ),
  );
}

/**
 * Deepest nesting of a text. Composing recurses, and a stack that happens to end where V8 compiles a regular expression is no error that could be caught: it
 * ends the process.
 */
const maxNesting = 100;

/** @throws {DocumentError} for a text that is nested too deeply, or that is more than one document. */
function documentOf(text: string, file: string, lines: LineCounter): Document.Parsed {
  const fail = (message: string, offset: number): DocumentError => {
    const { line, col: column } = lines.linePos(offset);
    return new DocumentError([{ place: { file, line, column, path: '/' }, message }]);
  };
  const tooDeep = `nested deeper than ${maxNesting} levels`;
  if (hasTooManyBrackets(text)) throw new DocumentError([{ place: { file, path: '/' }, message: tooDeep }]);
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const deep = deepToken(tokens);
  if (deep !== undefined) throw fail(tooDeep, deep);
  const composer = new Composer({ lineCounter: lines, uniqueKeys: true });
  const [document, second] = composer.compose(tokens, true, text.length);
  if (second !== undefined) throw fail('more than one document (---), expected one', second.range[0]);
  return (document ?? new EmptyDocument()) as Document.Parsed;
}

/** Whether far more brackets are open than any document needs, in strings or not: reading the tokens of such a text takes seconds. */
function hasTooManyBrackets(text: string): boolean {
  let open = 0;
  for (const letter of text) {
    if (letter === '[' || letter === '{') open++;
    else if (letter === ']' || letter === '}') open = Math.max(0, open - 1);
    if (open > 10 * maxNesting) return true;
  }
  return false;
}

/** What of a token of the yaml package tells how deep it goes. */
interface Nested {
  readonly offset?: number;
  readonly key?: unknown;
  readonly value?: unknown;
  readonly items?: readonly Nested[];
}

/** Offset of a token that lies too deep; without recursion. */
function deepToken(tokens: readonly unknown[]): number | undefined {
  const left = tokens.map((token): [unknown, number] => [token, 0]);
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [token, depth] = next;
    if (typeof token !== 'object' || token === null) continue;
    const { offset, key, value, items } = token as Nested;
    if (depth > maxNesting) return offset ?? 0;
    left.push([key, depth], [value, depth]);
    for (const item of items ?? []) left.push([item.key, depth + 1], [item.value, depth + 1]);
  }
  return undefined;
}

/** Validates a value that has no text (a console form, a socket message); places are JSON pointers. */
export function parseValueAs<T>(value: unknown, file: string, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new DocumentError(
    issuesOf(parsed.error.issues, value, schema, (path, key) => ({
      file,
      path: pointer(key === undefined ? path : [...path, key]),
    })),
  );
}

/** RFC 6901. */
function pointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('') || '/';
}

type PlaceOf = (path: readonly PropertyKey[], key?: string) => Place;

function issuesOf(
  issues: readonly z.core.$ZodIssue[],
  root: unknown,
  schema: z.ZodType,
  placeOf: PlaceOf,
): DocumentIssue[] {
  return issues.flatMap((issue): DocumentIssue[] => {
    if (issue.code === 'unrecognized_keys') {
      const known = knownKeys(schema, root, issue.path);
      return issue.keys.map((key) => {
        const near = nearest(key, known);
        const hint =
          near === undefined
            ? known.length > 0
              ? `; known keys: ${known.join(', ')}`
              : ''
            : `; did you mean '${near}'?`;
        return { place: placeOf(issue.path, key), message: `unknown key '${key}'${hint}` };
      });
    }
    const got = valueAt(root, issue.path);
    if (issue.code === 'invalid_value' && typeof got === 'string') {
      const known = issue.values.map(String);
      const near = nearest(got, known);
      return [
        {
          place: placeOf(issue.path),
          message: `unknown value '${got}'${near === undefined ? '' : `; did you mean '${near}'?`} Known: ${known.join(', ')}`,
        },
      ];
    }
    if (issue.code === 'invalid_union' && 'discriminator' in issue && typeof issue.discriminator === 'string') {
      const known = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
      const name = String(got);
      const near = nearest(name, known);
      return [
        {
          place: placeOf(issue.path),
          message: `unknown ${issue.discriminator} '${name}'${near === undefined ? '' : `; did you mean '${near}'?`} Known: ${known.join(', ')}`,
        },
      ];
    }
    if (issue.code === 'invalid_union') {
      const meant = issue.errors.find((branch) => !branch.some(isOfAnotherType));
      if (meant !== undefined) {
        const inner = meant.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
        return issuesOf(inner, root, schema, placeOf);
      }
    }
    return [{ place: placeOf(issue.path), message: `${issue.message} (got ${show(got)})` }];
  });
}

/** Whether a branch of a union failed because the value is of another kind altogether: then it was not the branch that was meant. */
function isOfAnotherType(issue: z.core.$ZodIssue): boolean {
  if (issue.path.length > 0) return false;
  return issue.code === 'invalid_type' || (issue.code === 'invalid_value' && typeof issue.input !== 'string');
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number') return String(value);
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

/** Offset of the value at a path (or of a key under it); of the deepest ancestor that exists when it is missing. */
function offsetOf(document: Document, path: readonly PropertyKey[], key?: string): number | undefined {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = depth === 0 ? document.contents : (document.getIn(path.slice(0, depth), true) as Node | undefined);
    if (node === undefined || node === null) continue;
    if (depth === path.length && key !== undefined && isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key);
      if (pair !== undefined && isScalar(pair.key) && pair.key.range) return pair.key.range[0];
    }
    if ('range' in node && node.range) return node.range[0];
  }
  return 0;
}

/** The keys an object schema knows at a path, following the union member that a discriminator chose. */
function knownKeys(schema: z.ZodType, root: unknown, path: readonly PropertyKey[]): string[] {
  let at: unknown = schema;
  let value = root;
  for (const part of [...path, undefined]) {
    at = unwrap(at, value);
    if (part === undefined) break;
    const def = definitionOf(at);
    if (def?.['type'] === 'object') at = (def['shape'] as Record<PropertyKey, unknown>)[part];
    else if (def?.['type'] === 'array') at = def['element'];
    else if (def?.['type'] === 'record') at = def['valueType'];
    else return [];
    value = valueAt(value, [part]);
  }
  const def = definitionOf(at);
  return def?.['type'] === 'object' ? Object.keys(def['shape'] as object) : [];
}

function definitionOf(schema: unknown): Record<string, unknown> | undefined {
  return (schema as { _zod?: { def?: Record<string, unknown> } } | undefined)?._zod?.def;
}

function unwrap(schema: unknown, value: unknown): unknown {
  for (let at = schema; ;) {
    const def = definitionOf(at);
    if (def === undefined) return at;
    if (def['innerType'] !== undefined) at = def['innerType'];
    else if (def['type'] === 'pipe') at = def['in'];
    else if (def['type'] === 'union' && typeof def['discriminator'] === 'string') {
      const chosen = valueAt(value, [def['discriminator']]);
      const key = def['discriminator'];
      const member = (def['options'] as unknown[]).find((option) => {
        const literal = definitionOf((definitionOf(option)?.['shape'] as Record<string, unknown> | undefined)?.[key]);
        return Array.isArray(literal?.['values']) && literal['values'].includes(chosen);
      });
      if (member === undefined) return at;
      at = member;
    } else return at;
  }
}
