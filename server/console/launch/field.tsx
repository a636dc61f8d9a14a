import type { ReactNode } from 'react';
import { ArrayField } from './array-field.tsx';
import { ChoiceField } from './choice-field.tsx';
import type { FieldProps } from './form-context.ts';
import { kindOf, withoutNull } from './json-schema.ts';
import { ObjectField } from './object-field.tsx';
import { FreeField, RecordField } from './record-field.tsx';
import { BooleanField, EnumField, NumberField, StringField } from './scalar-field.tsx';

/** The editor of a value, by its schema. */
export function Field(props: Omit<FieldProps, 'nullable'>): ReactNode {
  const { schema, nullable } = withoutNull(props.schema);
  const inner: FieldProps = { ...props, schema, nullable };
  switch (kindOf(schema)) {
    case 'enum':
      return <EnumField {...inner} />;
    case 'boolean':
      return <BooleanField {...inner} />;
    case 'number':
      return <NumberField {...inner} />;
    case 'string':
      return <StringField {...inner} />;
    case 'object':
      return <ObjectField {...inner} />;
    case 'record':
      return <RecordField {...inner} />;
    case 'array':
      return <ArrayField {...inner} />;
    case 'choice':
      return <ChoiceField {...inner} />;
    case 'free':
      return <FreeField {...inner} />;
  }
}
