import { Alert, Button, Group, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { postJson } from '../wire/api.ts';
import { ErrorNote } from '../wire/error-note.tsx';

interface Outcome {
  readonly done: number;
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
}

type Action = 'archive' | 'unarchive' | 'delete' | 'cancel' | 'tag' | 'untag';

/** Most runs of one request. */
const most = 1000;

/** What can be done to the chosen runs together. */
export function BulkBar(props: {
  readonly ids: readonly string[];
  readonly archived: boolean;
  readonly clear: () => void;
  /** Something was done. */
  readonly changed: (action: Action) => void;
}) {
  const { ids, archived, clear, changed } = props;
  const [tag, setTag] = useState('');
  const [sure, setSure] = useState(false);
  const work = useMutation({
    mutationFn: async (action: Action): Promise<Outcome> => {
      const outcomes: Outcome[] = [];
      for (let from = 0; from < ids.length; from += most)
        outcomes.push(
          await postJson<Outcome>('/runs/bulk', {
            ids: ids.slice(from, from + most),
            action,
            ...(action === 'tag' || action === 'untag' ? { tag: tag.trim() } : {}),
          }),
        );
      return {
        done: outcomes.reduce((sum, { done }) => sum + done, 0),
        refused: outcomes.flatMap(({ refused }) => refused),
      };
    },
    onSuccess: (_outcome, action) => changed(action),
    onSettled: () => setSure(false),
  });
  const button = (action: Action, label: string) => (
    <Button size="compact-xs" variant="default" disabled={work.isPending} onClick={() => work.mutate(action)}>
      {label}
    </Button>
  );
  const refused = work.data?.refused ?? [];
  return (
    <section className="bulk" aria-label="Chosen runs">
      <Group gap="xs">
        <strong role="status">
          {ids.length} {ids.length === 1 ? 'run' : 'runs'} chosen
        </strong>
        <Button
          component={Link}
          href={`/compare?runs=${ids.slice(0, most).join(',')}`}
          size="compact-xs"
          aria-disabled={ids.length > most}
        >
          Compare
        </Button>
        <form
          className="add-line"
          onSubmit={(event) => {
            event.preventDefault();
            if (tag.trim() !== '') work.mutate('tag');
          }}
        >
          <TextInput
            size="xs"
            w={120}
            maxLength={64}
            aria-label="Tag for the chosen runs"
            placeholder="Tag"
            value={tag}
            onChange={(event) => setTag(event.currentTarget.value)}
          />
          <Button size="compact-xs" variant="default" type="submit" disabled={work.isPending || tag.trim() === ''}>
            Add tag
          </Button>
          <Button
            size="compact-xs"
            variant="default"
            disabled={work.isPending || tag.trim() === ''}
            onClick={() => work.mutate('untag')}
          >
            Take off
          </Button>
        </form>
        {archived ? button('unarchive', 'Take out of the archive') : button('archive', 'Archive')}
        {button('cancel', 'Cancel')}
        {sure ? (
          <Button size="compact-xs" color="red" disabled={work.isPending} onClick={() => work.mutate('delete')}>
            Really delete {ids.length}
          </Button>
        ) : (
          <Button size="compact-xs" variant="default" onClick={() => setSure(true)}>
            Delete …
          </Button>
        )}
        <Button size="compact-xs" variant="subtle" onClick={clear}>
          Choose none
        </Button>
      </Group>
      {work.isError && <ErrorNote error={work.error} />}
      {refused.length > 0 && (
        <Alert color="orange" variant="outline" mt="xs" title={`Not done to ${refused.length}`}>
          {[...new Set(refused.slice(0, 5).map(({ reason }) => reason))].join('; ')}
        </Alert>
      )}
    </section>
  );
}
