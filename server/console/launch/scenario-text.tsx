import { Textarea } from '@mantine/core';

interface ScenarioTextProps {
  readonly description: string;
  readonly value: string;
  /** What cannot be read in it. */
  readonly error: string | null;
  readonly onChange: (text: string) => void;
  readonly maxRows: number;
}

/** A scenario as text that is written by hand. */
export function ScenarioText({ description, value, error, onChange, maxRows }: ScenarioTextProps) {
  return (
    <Textarea
      aria-label="Scenario as YAML"
      description={description}
      classNames={{ input: 'code' }}
      autosize
      minRows={16}
      maxRows={maxRows}
      spellCheck={false}
      value={value}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
