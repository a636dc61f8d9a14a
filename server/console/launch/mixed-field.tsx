import { NativeSelect } from '@mantine/core';
import { useFieldError } from './form-context.ts';
import type { FieldProps } from './form-context.ts';
import { filled, helpOf, mixedKey, mixedOf } from './json-schema.ts';
import { Group, Properties } from './object-field.tsx';

/** No name has a colon. */
const objectMark = ':';

/** A name, or an object with fields of its own: one choice, and the fields if it has some. */
export function MixedField({ schema, label, pointer, value, onChange }: FieldProps) {
  const mixed = mixedOf(schema)!;
  const key = mixedKey(mixed, value);
  const error = useFieldError(pointer);
  const choose = (next: string): void => {
    const object = mixed.byKey.get(next.slice(0, -1));
    onChange(next.endsWith(objectMark) && object !== undefined ? filled(object, {}) : next);
  };
  return (
    <Group label={label} description={helpOf(schema)} pointer={pointer}>
      <NativeSelect
        size="xs"
        label="Which"
        error={error}
        value={key === undefined ? (typeof value === 'string' ? value : '') : key + objectMark}
        onChange={(event) => choose(event.currentTarget.value)}
        data={[
          ...mixed.names.enum!.map(String),
          ...[...mixed.byKey.keys()].map((one) => ({ value: one + objectMark, label: `by ${one} …` })),
        ]}
      />
      {key === undefined ? null : (
        <Properties schema={mixed.byKey.get(key)!} pointer={pointer} value={value} onChange={onChange} />
      )}
    </Group>
  );
}
