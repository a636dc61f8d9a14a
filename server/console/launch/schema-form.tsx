import { useMemo } from 'react';
import { Field } from './field.tsx';
import type { FormContext } from './form-context.ts';
import { formContext } from './form-context.ts';
import type { Json, JsonObject, JsonSchema } from './json-schema.ts';
import { isObject, kindOf, labelOf, pointerTo } from './json-schema.ts';
import { isOptional, Properties, replaced } from './object-field.tsx';

/** Sections that an attack does not read; they start folded. */
const folded = new Set(['train', 'live']);

export interface SchemaFormProps extends Omit<FormContext, 'Field'> {
  readonly schema: JsonSchema;
  readonly value: Json;
  readonly onChange: (value: Json | undefined) => void;
}

/** A form for an object's schema: its plain values first, then a section for each part. */
export function SchemaForm({ schema, value, onChange, errors, suggestions }: SchemaFormProps) {
  const context = useMemo(() => ({ Field, errors, suggestions }), [errors, suggestions]);
  const object: JsonObject = isObject(value) ? value : {};
  const sections = Object.entries(schema.properties ?? {}).filter(([, property]) =>
    ['object', 'array'].includes(kindOf(property)),
  );
  return (
    <formContext.Provider value={context}>
      <Properties schema={schema} pointer="" value={value} onChange={onChange} without={sections.map(([key]) => key)} />
      {sections.map(([key, property]) => {
        const optional = isOptional(schema, key) && kindOf(property) === 'object';
        const field = (
          <Field
            key={key}
            schema={property}
            optional={optional}
            label={labelOf(key, property)}
            pointer={pointerTo('', key)}
            value={object[key]}
            onChange={(next) => onChange(replaced(object, key, optional ? next : (next ?? null)))}
          />
        );
        if (!folded.has(key)) return field;
        const wrong = [...errors.keys()].some((pointer) => pointer === `/${key}` || pointer.startsWith(`/${key}/`));
        return (
          <details key={key} {...(wrong ? { open: true } : {})}>
            <summary>{labelOf(key, property)}</summary>
            {field}
          </details>
        );
      })}
    </formContext.Provider>
  );
}
