import { Button } from '@mantine/core';
import { useForm } from './form-context.ts';
import type { FieldProps } from './form-context.ts';
import type { Json } from './json-schema.ts';
import { filled, helpOf, kindOf, pointerTo } from './json-schema.ts';
import { Group } from './object-field.tsx';

/** A list: its items, each with a button to remove it, and one to add. */
export function ArrayField({ schema, label, pointer, value, onChange, optional }: FieldProps) {
  const { Field } = useForm();
  const items: readonly Json[] = Array.isArray(value) ? value : [];
  const itemSchema = schema.items ?? {};
  /** A tuple has as many items as it has, each of its own kind. */
  const tuple = schema.prefixItems;
  const singular = label.replace(/s$/, '');
  const scalar = tuple !== undefined || !['object', 'choice', 'mixed', 'record'].includes(kindOf(itemSchema));
  const full = items.length >= (schema.maxItems ?? Infinity);
  const least = items.length <= (schema.minItems ?? 0);
  const remove = (at: number): void => {
    const rest = items.filter((_item, k) => k !== at);
    onChange(rest.length === 0 && optional ? undefined : rest);
  };
  return (
    <Group label={label} description={helpOf(schema)} pointer={pointer}>
      <ol className={scalar ? 'items fields' : 'items'}>
        {items.map((item, k) => (
          // An item has no identity but its place.
          <li key={k} className={scalar ? 'item-line' : 'item-card'}>
            <Field
              schema={tuple?.[k] ?? itemSchema}
              optional={false}
              label={`${singular} ${k + 1}`}
              pointer={pointerTo(pointer, k)}
              value={item}
              onChange={(next) => onChange(items.map((old, j) => (j === k ? (next ?? null) : old)))}
            />
            {tuple === undefined && (
              <Button
                size="compact-xs"
                variant="default"
                disabled={least}
                onClick={() => remove(k)}
                aria-label={`Remove ${singular.toLowerCase()} ${k + 1}`}
              >
                Remove
              </Button>
            )}
          </li>
        ))}
      </ol>
      {tuple === undefined && (
        <Button
          size="compact-xs"
          variant="default"
          disabled={full}
          onClick={() => onChange([...items, filled(itemSchema, undefined)])}
        >
          Add {singular.toLowerCase()}
        </Button>
      )}
    </Group>
  );
}
