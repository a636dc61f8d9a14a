import { NativeSelect } from '@mantine/core';
import { useFieldError } from './form-context.ts';
import type { FieldProps } from './form-context.ts';
import { filled, helpOf, isObject, labelOf, pointerTo, variantOf, variantsOf } from './json-schema.ts';
import { Group, isAbsent, Presence, Properties } from './object-field.tsx';

/** A discriminated union: one choice by name, then the fields of what was chosen. What means the same in both is kept. */
export function ChoiceField(props: FieldProps) {
  const { schema, label, pointer, value, onChange } = props;
  const variants = variantsOf(schema)!;
  const { name, schema: variant } = variantOf(variants, value);
  const error = useFieldError(pointerTo(pointer, variants.key));
  const choose = (next: string): void => {
    const chosen = variants.byName.get(next)!;
    const same = (key: string): boolean =>
      JSON.stringify(chosen.properties?.[key]) === JSON.stringify(variant.properties?.[key]);
    const kept = isObject(value) ? Object.entries(value).filter(([key]) => key in chosen.properties! && same(key)) : [];
    onChange(filled(chosen, { [variants.key]: next, ...Object.fromEntries(kept) }));
  };
  if (isAbsent(props))
    return (
      <Group label={label} description={helpOf(schema)} pointer={pointer}>
        <Presence {...props} />
      </Group>
    );
  return (
    <Group label={label} description={helpOf(schema)} pointer={pointer}>
      <NativeSelect
        size="xs"
        label={labelOf(variants.key, {})}
        error={error}
        value={name}
        onChange={(event) => choose(event.currentTarget.value)}
        data={[...variants.byName].map(([key, one]) => ({
          value: key,
          label: one.title === undefined ? key : `${one.title} (${key})`,
        }))}
      />
      <Properties schema={variant} pointer={pointer} value={value} onChange={onChange} without={[variants.key]} />
      <Presence {...props} />
    </Group>
  );
}
