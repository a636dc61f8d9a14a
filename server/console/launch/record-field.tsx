import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useFieldError, useForm } from './form-context.ts';
import type { FieldProps } from './form-context.ts';
import type { Json, JsonObject, JsonSchema } from './json-schema.ts';
import { filled, helpOf, isObject, pointerTo } from './json-schema.ts';
import { Group } from './object-field.tsx';

/** Values under names that a person gives. */
export function RecordField({ schema, label, pointer, value, onChange, optional }: FieldProps) {
  const { Field } = useForm();
  const [name, setName] = useState('');
  const object: JsonObject = isObject(value) ? value : {};
  const inner: JsonSchema = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
  const put = (next: JsonObject): void => onChange(optional && Object.keys(next).length === 0 ? undefined : next);
  return (
    <Group label={label} description={helpOf(schema)} pointer={pointer}>
      <ul className="items fields">
        {Object.entries(object).map(([key, item]) => (
          <li key={key} className="item-line">
            <Field
              schema={inner}
              optional={false}
              label={key}
              pointer={pointerTo(pointer, key)}
              value={item}
              onChange={(next) => put({ ...object, [key]: next ?? null })}
            />
            <Button
              size="compact-xs"
              variant="default"
              aria-label={`Remove ${key}`}
              onClick={() => put(Object.fromEntries(Object.entries(object).filter(([other]) => other !== key)))}
            >
              Remove
            </Button>
          </li>
        ))}
      </ul>
      <div className="add-line">
        <TextInput
          size="xs"
          aria-label={`Name of a new entry of ${label.toLowerCase()}`}
          placeholder="name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button
          size="compact-xs"
          variant="default"
          disabled={name === '' || name in object}
          onClick={() => {
            put({ ...object, [name]: filled(inner, undefined) });
            setName('');
          }}
        >
          Add
        </Button>
      </div>
    </Group>
  );
}

/** Any value, as JSON text. */
export function FreeField({ schema, label, pointer, value, onChange }: FieldProps) {
  const error = useFieldError(pointer);
  const [draft, setDraft] = useState<string | null>(null);
  return (
    <TextInput
      size="xs"
      label={label}
      description={helpOf(schema)}
      error={error ?? (draft === null ? undefined : 'not valid JSON')}
      value={draft ?? JSON.stringify(value ?? null)}
      onChange={(event) => {
        const text = event.currentTarget.value;
        const parsed = parsedJson(text);
        setDraft(parsed === undefined ? text : null);
        if (parsed !== undefined) onChange(parsed);
      }}
    />
  );
}

function parsedJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
