import { Button, Group, TextInput, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import { textOf, valueOf } from '../launch/document.ts';
import { ScenarioText } from '../launch/scenario-text.tsx';
import { StartFrom, useExamples, useOrigin } from '../launch/start-from.tsx';
import { postJson } from '../wire/api.ts';
import { ErrorNote } from '../wire/error-note.tsx';
import { useTitle } from '../wire/use-title.ts';
import { parseSeeds, parseValues, pointersOf } from './axis.ts';
import type { Sweep } from './sweep-api.ts';

interface AxisDraft {
  readonly pointer: string;
  readonly values: string;
}

/** Writing a sweep: a scenario, the settings that vary with the values that each takes, and the seeds. `?from=<run>` starts from a run's scenario. */
export function SweepForm() {
  useTitle('Launch a sweep');
  const [, navigate] = useLocation();
  const [name, setName] = useState('');
  const [written, setText] = useState<string | null>(null);
  const [axes, setAxes] = useState<readonly AxisDraft[]>([
    { pointer: '/attacks/0/threat/epsilon', values: '0.02, 0.05, 0.1' },
  ]);
  const [seeds, setSeeds] = useState('0-4');
  const examples = useExamples();
  const { origin } = useOrigin();
  const given =
    origin.data === undefined
      ? examples.data?.find((one) => one.name === 'bifurcation')?.text
      : textOf(origin.data.scenario as never);
  const text = written ?? given ?? '';
  const read = useMemo(() => valueOf(text), [text]);
  const pointers = useMemo(() => ('value' in read ? pointersOf(read.value) : []), [read]);
  const values = axes.map((axis) => parseValues(axis.values));
  const seedList = parseSeeds(seeds);
  const runs = values.reduce((product, list) => product * list.length, seedList?.length ?? 0);
  const unsound =
    'error' in read
      ? read.error
      : seedList === null
        ? 'The seeds cannot be read.'
        : runs < 1 || runs > 500
          ? `${runs} runs: a sweep has 1 to 500.`
          : null;
  const launch = useMutation({
    mutationFn: () =>
      postJson<Sweep>('/sweeps', {
        name: name.trim() || 'Sweep',
        scenario: 'value' in read ? read.value : {},
        vary: Object.fromEntries(axes.map(({ pointer }, at) => [pointer.trim(), values[at]])),
        seeds: seedList,
      }),
    onSuccess: (sweep) => navigate(`/sweeps/${sweep.id}`),
  });
  const change = (at: number, part: Partial<AxisDraft>): void => setAxes(axes.with(at, { ...axes[at]!, ...part }));
  return (
    <>
      <Title order={1}>Launch a sweep</Title>
      <form
        className="launch"
        onSubmit={(event) => {
          event.preventDefault();
          launch.mutate();
        }}
      >
        <div className="panel">
          <TextInput
            label="Name of the sweep"
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Title order={2} mt="sm">
            What varies
          </Title>
          <datalist id="settings">
            {pointers.map((pointer) => (
              <option key={pointer} value={pointer} />
            ))}
          </datalist>
          {axes.map((axis, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- an axis is its place
            <div className="item-line" key={at} role="group" aria-label={`Axis ${at + 1}`}>
              <TextInput
                size="xs"
                label="Setting"
                list="settings"
                value={axis.pointer}
                onChange={(event) => change(at, { pointer: event.currentTarget.value })}
              />
              <TextInput
                size="xs"
                flex={1}
                label={`Values: ${values[at]!.length}`}
                value={axis.values}
                onChange={(event) => change(at, { values: event.currentTarget.value })}
              />
              <Button
                size="xs"
                variant="default"
                aria-label={`Remove axis ${at + 1}`}
                onClick={() => setAxes(axes.filter((_axis, other) => other !== at))}
              >
                ×
              </Button>
            </div>
          ))}
          <Button
            mt="xs"
            size="compact-xs"
            variant="default"
            onClick={() => setAxes([...axes, { pointer: '', values: '' }])}
          >
            Add axis
          </Button>
          <TextInput
            mt="sm"
            label="Seeds"
            description="Numbers and ranges, with commas: 0-4, 10"
            value={seeds}
            onChange={(event) => setSeeds(event.currentTarget.value)}
          />
          <Group mt="md" justify="space-between">
            <p className="verdict" role="status" data-valid={unsound === null}>
              {unsound ?? `${runs} ${runs === 1 ? 'run' : 'runs'}: every combination with every seed.`}
            </p>
            <Button type="submit" loading={launch.isPending} disabled={unsound !== null}>
              Launch
            </Button>
          </Group>
          {launch.isError && <ErrorNote error={launch.error} />}
        </div>
        <div className="launch-side panel">
          <StartFrom none="an example …" value="" choose={(_name, chosen) => setText(chosen)} />
          <Title order={2} mt="sm">
            Scenario
          </Title>
          <ScenarioText
            description="What all runs have in common. YAML or JSON."
            value={text}
            error={'error' in read ? read.error : null}
            onChange={setText}
            maxRows={40}
          />
        </div>
      </form>
    </>
  );
}
