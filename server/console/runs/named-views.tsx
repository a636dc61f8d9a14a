import { Button, Popover, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';

interface NamedView {
  readonly name: string;
  /** The search part of its address. */
  readonly search: string;
}

const key = 'faultline-views';
const given: readonly NamedView[] = [
  { name: 'All', search: '' },
  { name: 'Running', search: 'state=running' },
  { name: 'Failed', search: 'state=failed' },
  { name: 'Most regret', search: 'sort=-metric' },
];

/** Views as links: those that are always there, and those that a person has kept in this browser. `search`: that of now. */
export function NamedViews({ search }: { readonly search: string }) {
  const [own, setOwn] = useState(readViews);
  const [name, setName] = useState('');
  const [opened, setOpened] = useState(false);
  const keep = (views: readonly NamedView[]): void => {
    localStorage.setItem(key, JSON.stringify(views));
    setOwn(views);
  };
  const known = [...given, ...own].some((view) => view.search === search);
  return (
    <nav className="views" aria-label="Views">
      {[...given, ...own].map((view) => (
        <span key={view.name} className="view">
          <Link
            href={view.search === '' ? '/' : `/?${view.search}`}
            aria-current={view.search === search ? 'true' : undefined}
          >
            {view.name}
          </Link>
          {own.includes(view) && (
            <button
              type="button"
              aria-label={`Forget the view ${view.name}`}
              onClick={() => keep(own.filter((one) => one !== view))}
            >
              ×
            </button>
          )}
        </span>
      ))}
      {!known && (
        <Popover opened={opened} onChange={setOpened} position="bottom-start" trapFocus>
          <Popover.Target>
            <Button size="compact-xs" variant="default" onClick={() => setOpened(true)}>
              Keep this view
            </Button>
          </Popover.Target>
          <Popover.Dropdown aria-label="Keep this view">
            <form
              className="add-line"
              onSubmit={(event) => {
                event.preventDefault();
                keep([...own.filter((view) => view.name !== name.trim()), { name: name.trim(), search }]);
                setOpened(false);
                setName('');
              }}
            >
              <TextInput
                size="xs"
                aria-label="Name of the view"
                placeholder="Name"
                maxLength={40}
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
              />
              <Button
                type="submit"
                size="xs"
                disabled={name.trim() === '' || given.some((view) => view.name === name.trim())}
              >
                Keep
              </Button>
            </form>
          </Popover.Dropdown>
        </Popover>
      )}
    </nav>
  );
}

function readViews(): readonly NamedView[] {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? '[]') as unknown;
    return Array.isArray(kept) ? kept.filter(isView) : [];
  } catch {
    return []; // not ours, or of another version
  }
}

function isView(value: unknown): value is NamedView {
  const { name, search } = (value ?? {}) as Partial<NamedView>;
  return typeof name === 'string' && typeof search === 'string';
}
