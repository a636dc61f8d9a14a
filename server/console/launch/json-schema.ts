/** The part of JSON Schema 2020-12 that zod writes and this form reads. */
export interface JsonSchema {
  /** A list where a plain type may be null too. */
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  /** Of a tuple, item by item. */
  readonly prefixItems?: readonly JsonSchema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** How a schema is edited. */
export type Kind =
  'enum' | 'boolean' | 'number' | 'string' | 'object' | 'record' | 'array' | 'choice' | 'mixed' | 'free';

export function kindOf(schema: JsonSchema): Kind {
  if (schema.enum !== undefined || schema.const !== undefined) return 'enum';
  if (variantsOf(schema) !== null) return 'choice';
  if (mixedOf(schema) !== null) return 'mixed';
  switch (schema.type) {
    case 'boolean':
    case 'string':
    case 'array':
      return schema.type as 'boolean' | 'string' | 'array';
    case 'integer':
    case 'number':
      return 'number';
    case 'object':
      return schema.properties === undefined ? 'record' : 'object';
    default:
      return 'free';
  }
}

/** What remains of `X or null`, and whether null was among it. */
export function withoutNull(schema: JsonSchema): { readonly schema: JsonSchema; readonly nullable: boolean } {
  if (Array.isArray(schema.type)) {
    const [type, ...others] = (schema.type as readonly string[]).filter((one) => one !== 'null');
    const nullable = schema.type.includes('null');
    if (type !== undefined && others.length === 0) return { schema: { ...schema, type }, nullable };
  }
  const options = schema.anyOf ?? schema.oneOf;
  const rest = options?.filter((option) => option.type !== 'null');
  if (options === undefined || rest?.length !== 1 || rest.length === options.length) return { schema, nullable: false };
  const { anyOf: _anyOf, oneOf: _oneOf, ...outer } = schema;
  return { schema: { ...rest[0], ...outer }, nullable: true };
}

/** A union of objects told apart by one property with a constant in each: the property, and the variants by its value. */
export interface Variants {
  readonly key: string;
  readonly byName: ReadonlyMap<string, JsonSchema>;
}

/** The variants of a discriminated union; null for anything else. */
export function variantsOf(schema: JsonSchema): Variants | null {
  const options = schema.oneOf ?? schema.anyOf;
  if (options === undefined || options.length === 0) return null;
  const key = Object.keys(options[0]!.properties ?? {}).find((name) =>
    options.every((option) => typeof option.properties?.[name]?.const === 'string'),
  );
  if (key === undefined) return null;
  return { key, byName: new Map(options.map((option) => [option.properties![key]!.const as string, option])) };
}

/** A union of names and of objects, each known by its first required property: `Name`, or `{expression: …}`. */
export interface Mixed {
  readonly names: JsonSchema;
  readonly byKey: ReadonlyMap<string, JsonSchema>;
}

export function mixedOf(schema: JsonSchema): Mixed | null {
  const [names, ...objects] = schema.anyOf ?? [];
  if (names?.enum === undefined || objects.length === 0) return null;
  const keys = objects.map(({ type, required }) => (type === 'object' ? required?.[0] : undefined));
  if (keys.includes(undefined) || new Set(keys).size < keys.length) return null;
  return { names, byKey: new Map(objects.map((object, i) => [keys[i]!, object])) };
}

/** The property that tells which of the objects a value is; undefined for a name. */
export function mixedKey({ byKey }: Mixed, value: unknown): string | undefined {
  return isObject(value) ? ([...byKey.keys()].find((key) => key in value) ?? [...byKey.keys()][0]) : undefined;
}

/** The variant that a value belongs to, or the first. */
export function variantOf(
  { key, byName }: Variants,
  value: unknown,
): { readonly name: string; readonly schema: JsonSchema } {
  const named = isObject(value) ? value[key] : undefined;
  const name = typeof named === 'string' && byName.has(named) ? named : [...byName.keys()][0]!;
  return { name, schema: byName.get(name)! };
}

/**
 * A value with the schema's defaults filled in, at every depth. Optional properties without a default stay out; what the
 * schema does not know stays in, so that the server can name it.
 */
export function filled(schema: JsonSchema, value: unknown): Json {
  const { schema: inner, nullable } = withoutNull(schema);
  const given = value === undefined ? inner.default : value;
  if (given === null && nullable) return null;
  if (given === undefined) return blank(inner);
  switch (kindOf(inner)) {
    case 'choice':
      return filled(variantOf(variantsOf(inner)!, given).schema, given);
    case 'mixed': {
      const mixed = mixedOf(inner)!;
      const key = mixedKey(mixed, given);
      return key === undefined ? (given as Json) : filled(mixed.byKey.get(key)!, given);
    }
    case 'array':
      return Array.isArray(given) ? given.map((item) => filled(inner.items ?? {}, item)) : (given as Json);
    case 'object': {
      if (!isObject(given)) return given as Json;
      const entries = Object.entries(inner.properties!).flatMap(([key, property]): [string, Json][] => {
        const present =
          given[key] !== undefined || property.default !== undefined || inner.required?.includes(key) === true;
        return present ? [[key, filled(property, given[key])]] : [];
      });
      return {
        ...Object.fromEntries(entries),
        ...Object.fromEntries(Object.entries(given).filter(([key]) => !(key in inner.properties!))),
      };
    }
    default:
      return given as Json;
  }
}

/** The least that a required value without a default can be. */
function blank(schema: JsonSchema): Json {
  const variants = variantsOf(schema);
  if (variants !== null) {
    const { name, schema: variant } = variantOf(variants, undefined);
    return filled(variant, { [variants.key]: name });
  }
  const kind = kindOf(schema);
  if (kind === 'enum') return (schema.const ?? schema.enum?.[0] ?? null) as Json;
  if (kind === 'object') return filled(schema, {});
  if (kind === 'array' && schema.prefixItems !== undefined)
    return schema.prefixItems.map((item) => filled(item, undefined));
  if (kind === 'array')
    return Array.from({ length: schema.minItems ?? 0 }, () => filled(schema.items ?? {}, undefined));
  if (kind === 'number') return schema.minimum ?? 0;
  return { record: {}, boolean: false, string: '', choice: null, mixed: null, free: null }[kind];
}

/** `stepsPerSecond` → `Steps per second`. */
export function labelOf(key: string, schema: JsonSchema): string {
  if (schema.title !== undefined) return schema.title;
  const text = key
    .replaceAll(/([a-z0-9])([A-Z])/g, (_all, a: string, b: string) => `${a} ${b.toLowerCase()}`)
    .replaceAll(/[_-]+/g, ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** From here on a bound tells a person nothing. */
const unbounded = 1e9;

/** The description as help text, with the bounds that a person can run into. */
export function helpOf(schema: JsonSchema): string | undefined {
  const { description, minimum, exclusiveMinimum, maximum, exclusiveMaximum } = schema;
  const low = minimum ?? exclusiveMinimum;
  const high = maximum ?? exclusiveMaximum;
  const bounds = [
    ...(low === undefined || low <= -unbounded ? [] : [`${exclusiveMinimum === undefined ? '≥' : '>'} ${low}`]),
    ...(high === undefined || high >= unbounded ? [] : [`${exclusiveMaximum === undefined ? '≤' : '<'} ${high}`]),
  ].join(', ');
  const text = description?.replaceAll(/`([^`]+)`/g, '“$1”');
  return text === undefined ? bounds || undefined : bounds === '' ? text : `${text} (${bounds})`;
}

/** RFC 6901: one more step of a pointer. */
export function pointerTo(parent: string, key: string | number): string {
  return `${parent}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
