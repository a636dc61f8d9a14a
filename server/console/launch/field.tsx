import type { ComponentType } from 'react';
import { ArrayField } from './array-field.tsx';
import { ChoiceField } from './choice-field.tsx';
import type { FieldProps } from './form-context.ts';
import type { Kind } from './json-schema.ts';
import { kindOf, withoutNull } from './json-schema.ts';
import { MixedField } from './mixed-field.tsx';
import { ObjectField } from './object-field.tsx';
import { FreeField, RecordField } from './record-field.tsx';
import { BooleanField, EnumField, NumberField, StringField } from './scalar-field.tsx';

const editors: Readonly<Record<Kind, ComponentType<FieldProps>>> = {
  enum: EnumField,
  boolean: BooleanField,
  number: NumberField,
  string: StringField,
  object: ObjectField,
  record: RecordField,
  array: ArrayField,
  choice: ChoiceField,
  mixed: MixedField,
  free: FreeField,
};

/** The editor of a value, by its schema. */
export function Field(props: Omit<FieldProps, 'nullable'>) {
  const { schema, nullable } = withoutNull(props.schema);
  const Editor = editors[kindOf(schema)];
  return <Editor {...props} schema={schema} nullable={nullable} />;
}
