import { Autocomplete, Checkbox, NativeSelect, NumberInput, TextInput } from '@mantine/core';
import { useFieldError, useForm } from './form-context.ts';
import type { FieldProps } from './form-context.ts';
import type { Json } from './json-schema.ts';
import { helpOf } from './json-schema.ts';

const leftOut = '';

/** What an empty field stands for. */
function emptyOf({ nullable, optional }: FieldProps): Json | undefined {
  return nullable ? null : optional ? undefined : '';
}

function placeholderOf({ nullable, optional }: FieldProps): string {
  return nullable ? 'null' : optional ? 'not set' : '';
}

export function EnumField(props: FieldProps) {
  const { schema, label, pointer, value, onChange, optional, nullable } = props;
  const error = useFieldError(pointer);
  const options = (schema.enum ?? [schema.const]) as readonly Json[];
  const unset = value === undefined || value === null;
  // A value that is no option (from the text) is shown as it is, until another is chosen.
  const shown = unset || options.includes(value) ? options : [value, ...options];
  return (
    <NativeSelect
      size="xs"
      label={label}
      description={helpOf(schema)}
      error={error}
      value={unset ? leftOut : textOf(value)}
      onChange={(event) => {
        const chosen = shown.find((option) => textOf(option) === event.currentTarget.value);
        onChange(chosen === undefined ? emptyOf(props) : chosen);
      }}
      data={[...(optional || nullable ? [{ value: leftOut, label: placeholderOf(props) }] : []), ...shown.map(textOf)]}
    />
  );
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export function BooleanField({ schema, label, pointer, value, onChange }: FieldProps) {
  const error = useFieldError(pointer);
  return (
    <Checkbox
      size="xs"
      mt={20}
      label={label}
      description={helpOf(schema)}
      error={error}
      checked={value === true}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  );
}

/** Bounds are told, not forced while typing: the server says what is wrong, here as everywhere. */
export function NumberField(props: FieldProps) {
  const { schema, label, pointer, value, onChange } = props;
  const error = useFieldError(pointer);
  const wrong = value !== undefined && value !== null && typeof value !== 'number';
  return (
    <NumberInput
      size="xs"
      label={label}
      description={helpOf(schema)}
      error={error ?? (wrong ? `expected a number, got ${JSON.stringify(value)}` : undefined)}
      placeholder={placeholderOf(props)}
      value={typeof value === 'number' ? value : ''}
      allowDecimal={schema.type !== 'integer'}
      clampBehavior="none"
      hideControls
      onChange={(next) =>
        onChange(
          typeof next === 'number'
            ? next
            : next === '' || !Number.isFinite(Number(next))
              ? emptyNumber(props)
              : Number(next),
        )
      }
    />
  );
}

function emptyNumber(props: FieldProps): Json | undefined {
  return props.nullable ? null : undefined;
}

export function StringField(props: FieldProps) {
  const { schema, label, pointer, value, onChange } = props;
  const error = useFieldError(pointer);
  const known = useForm().suggestions.get(pointer.replaceAll(/\/\d+(?=\/|$)/g, '/*')) ?? [];
  const common = {
    size: 'xs',
    label,
    description: helpOf(schema),
    error,
    placeholder: placeholderOf(props),
    value: value === undefined || value === null ? '' : textOf(value),
  } as const;
  const change = (text: string): void => onChange(text === '' ? emptyOf(props) : text);
  if (known.length > 0)
    return <Autocomplete {...common} data={[...new Set(known)]} filter={({ options }) => options} onChange={change} />;
  return <TextInput {...common} onChange={(event) => change(event.currentTarget.value)} />;
}
