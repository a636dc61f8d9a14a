import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useFieldError, useForm } from './form-context.ts';
import type { FieldProps } from './form-context.ts';
import type { Json, JsonObject, JsonSchema } from './json-schema.ts';
import { filled, helpOf, isObject, kindOf, labelOf, pointerTo, withoutNull } from './json-schema.ts';

/** A group of fields; one that may be left out is added and removed as a whole. */
export function ObjectField(props: FieldProps) {
  const { schema, label, pointer, value, onChange } = props;
  return (
    <Group label={label} description={helpOf(schema)} pointer={pointer}>
      {!isAbsent(props) && <Properties schema={schema} pointer={pointer} value={value} onChange={onChange} />}
      <Presence {...props} />
    </Group>
  );
}

/** Whether a value that may be left out is. */
export function isAbsent({ optional, value }: FieldProps): boolean {
  return optional && value === undefined;
}

/** The button that adds a value, with the schema's defaults, or leaves it out; nothing for what has to be there. */
export function Presence(props: FieldProps) {
  const { schema, label, onChange, optional } = props;
  if (!optional) return null;
  const absent = isAbsent(props);
  return (
    <Button
      size="compact-xs"
      variant="default"
      onClick={() => onChange(absent ? filled(schema, undefined) : undefined)}
    >
      {absent ? 'Add' : 'Remove'} {label.toLowerCase()}
    </Button>
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
      optional={isOptional(schema, key)}
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

/** Whether a property may be left out, and then is. */
export function isOptional({ required, properties }: JsonSchema, key: string): boolean {
  return required?.includes(key) !== true && properties?.[key]?.default === undefined;
}

function isSimple(schema: JsonSchema): boolean {
  return !['object', 'record', 'array', 'choice', 'mixed', 'free'].includes(kindOf(withoutNull(schema).schema));
}

/** The object with one property changed, or left out; the order of keys stays. */
export function replaced(object: JsonObject, key: string, value: Json | undefined): JsonObject {
  const { [key]: _old, ...rest } = object;
  return value === undefined
    ? rest
    : key in object
      ? Object.fromEntries(Object.entries(object).map(([name, old]) => [name, name === key ? value : old]))
      : { ...object, [key]: value };
}
