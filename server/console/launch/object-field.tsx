import type { ReactNode } from 'react';
import { useFieldError, useForm } from './form-context.ts';
import type { FieldProps } from './form-context.ts';
import type { Json, JsonObject, JsonSchema } from './json-schema.ts';
import { helpOf, isObject, kindOf, labelOf, pointerTo, withoutNull } from './json-schema.ts';

/** A group of fields. */
export function ObjectField({ schema, label, pointer, value, onChange }: FieldProps) {
  return (
    <Group label={label} description={helpOf(schema)} pointer={pointer}>
      <Properties schema={schema} pointer={pointer} value={value} onChange={onChange} />
    </Group>
  );
}

/** The fields of an object's properties, simple ones in columns; properties in `without` are edited elsewhere. */
export function Properties({
  schema,
  pointer,
  value,
  onChange,
  without = [],
}: Pick<FieldProps, 'schema' | 'pointer' | 'value' | 'onChange'> & { readonly without?: readonly string[] }) {
  const { Field } = useForm();
  const object: JsonObject = isObject(value) ? value : {};
  const properties = Object.entries(schema.properties ?? {}).filter(([key]) => !without.includes(key));
  const field = ([key, property]: readonly [string, JsonSchema]): ReactNode => (
    <Field
      key={key}
      schema={property}
      optional={schema.required?.includes(key) !== true && property.default === undefined}
      label={labelOf(key, property)}
      pointer={pointerTo(pointer, key)}
      value={object[key]}
      onChange={(next) => onChange(replaced(object, key, next))}
    />
  );
  const simple = properties.filter(([, property]) => isSimple(property));
  const nested = properties.filter(([, property]) => !isSimple(property));
  return (
    <>
      {simple.length > 0 && <div className="fields">{simple.map(field)}</div>}
      {nested.map(field)}
    </>
  );
}

/** A fieldset with its own message. */
export function Group({
  label,
  description,
  pointer,
  children,
}: {
  readonly label: string;
  readonly description: string | undefined;
  readonly pointer: string;
  readonly children: ReactNode;
}) {
  const error = useFieldError(pointer);
  return (
    <fieldset className="group">
      <legend>{label}</legend>
      {description !== undefined && <p className="hint">{description}</p>}
      {error !== undefined && (
        <p className="field-error" role="alert">
          {error}
        </p>
      )}
      {children}
    </fieldset>
  );
}

function isSimple(schema: JsonSchema): boolean {
  return !['object', 'record', 'array', 'choice', 'mixed', 'free'].includes(kindOf(withoutNull(schema).schema));
}

/** The object with one property changed, or left out; the order of keys stays. */
function replaced(object: JsonObject, key: string, value: Json | undefined): JsonObject {
  const { [key]: _old, ...rest } = object;
  return value === undefined
    ? rest
    : key in object
      ? Object.fromEntries(Object.entries(object).map(([name, old]) => [name, name === key ? value : old]))
      : { ...object, [key]: value };
}
