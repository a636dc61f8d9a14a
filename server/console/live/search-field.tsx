import { Autocomplete } from '@mantine/core';
import { useState } from 'react';
import type { Search } from './use-search.ts';

/** A condition on channels, whose rows the event lane then shows; names are completed as they are typed. */
export function SearchField({
  search,
  text,
  choose,
}: {
  readonly search: Search;
  readonly text: string;
  readonly choose: (text: string) => void;
}) {
  const [typed, setTyped] = useState(text);
  const [, before, name] = /^(.*?)([A-Za-z_][\w.]*)?$/s.exec(typed) as unknown as [string, string, string | undefined];
  const near = (name ?? '').toLowerCase();
  const fits = near === '' ? [] : search.names.filter((one) => one.toLowerCase().includes(near)).slice(0, 12);
  return (
    <Autocomplete
      size="xs"
      w={380}
      aria-label="Show where"
      placeholder="Show where … e.g. net > clean.net + 0.5 and soc < 0.1"
      value={typed}
      onChange={setTyped}
      // What fits was filtered by the name at the end, and the whole is offered.
      data={fits.map((one) => before + (/^[\w.]+$/.test(one) ? one : `\`${one}\``))}
      filter={({ options }) => options}
      onBlur={() => choose(typed)}
      onOptionSubmit={choose}
      onKeyDown={(event) => {
        if (event.key === 'Enter') choose(event.currentTarget.value);
      }}
      error={search.error}
      comboboxProps={{ withinPortal: false }}
    />
  );
}
