import { NativeSelect, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { RefObject } from 'react';
import { words } from '../live/format.ts';
import { useAttacks, useMetrics, usePolicies, useTags } from '../wire/listings.ts';
import { ages, states } from './list-view.ts';
import type { ListView } from './list-view.ts';

const settleMs = 250;
const ageNames: Readonly<Record<string, string>> = {
  '1h': 'last hour',
  '24h': 'last 24 hours',
  '7d': 'last 7 days',
  '30d': 'last 30 days',
};

/** Fields that narrow the list, and the metric that it shows. */
export function RunFilters(props: {
  readonly view: ListView;
  readonly change: (change: Partial<ListView>) => void;
  readonly input: RefObject<HTMLInputElement | null>;
}) {
  const { view, change, input } = props;
  const policies = usePolicies();
  const attacks = useAttacks();
  const tags = useTags();
  const metrics = useMetrics();
  const select = (field: keyof ListView, label: string, any: string, values: readonly string[] | undefined) => (
    <NativeSelect
      size="xs"
      className="filter"
      aria-label={label}
      data-narrows={view[field] !== ''}
      value={view[field]}
      onChange={(event) => change({ [field]: event.currentTarget.value })}
      data={[{ value: '', label: any }, ...withOwn(values, view[field])]}
    />
  );
  return (
    <div className="filters" role="search">
      <Words value={view.q} onChange={(q) => change({ q })} input={input} />
      {select('state', 'State', 'any state', states)}
      {select('policy', 'Policy', 'any policy', policies.data)}
      {select('attack', 'Attack', 'any attack', attacks.data)}
      {select('tag', 'Tag', 'any tag', tags.data)}
      <NativeSelect
        size="xs"
        className="filter"
        aria-label="Created"
        data-narrows={view.since !== ''}
        value={view.since}
        onChange={(event) => change({ since: event.currentTarget.value })}
        data={[
          { value: '', label: 'any time' },
          ...Object.keys(ages).map((value) => ({ value, label: ageNames[value]! })),
        ]}
      />
      <NativeSelect
        size="xs"
        className="filter"
        aria-label="Archive"
        data-narrows={view.archived !== ''}
        value={view.archived}
        onChange={(event) => change({ archived: event.currentTarget.value })}
        data={[
          { value: '', label: 'not archived' },
          { value: 'true', label: 'archived' },
          { value: 'all', label: 'archived or not' },
        ]}
      />
      <NativeSelect
        size="xs"
        className="filter metric"
        aria-label="Metric of the figures"
        value={view.metric}
        onChange={(event) => change({ metric: event.currentTarget.value })}
        data={withOwn(metrics.data, view.metric).map((value) => ({ value, label: words(value.replace('.', ': ')) }))}
      />
    </div>
  );
}

/** The words are asked for once typing has paused. */
function Words(props: {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly input: RefObject<HTMLInputElement | null>;
}) {
  const { value, onChange, input } = props;
  const [text, setText] = useState(value);
  const [asked, setAsked] = useState(value);
  // An address that was changed otherwise (a named view, the browser's Back) is taken over.
  if (asked !== value) {
    setAsked(value);
    setText(value);
  }
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => {
      setAsked(text);
      onChange(text);
    }, settleMs);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return (
    <TextInput
      ref={input}
      size="xs"
      className="filter words"
      type="search"
      aria-label="Filter runs"
      placeholder="Filter: name, state, tag, attack …  ( / )"
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
    />
  );
}

/** The values there are, and the one that an address names even if there is none such now. */
function withOwn(values: readonly string[] = [], own: string): string[] {
  return own === '' || values.includes(own) ? [...values] : [own, ...values];
}
