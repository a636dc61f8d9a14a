import { Button, Group, TagsInput, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { RunSummary } from '../../events.ts';
import { patchJson } from '../wire/api.ts';
import { ErrorNote } from '../wire/error-note.tsx';
import { useTags } from '../wire/listings.ts';

interface Labels {
  readonly note?: string;
  readonly tags?: readonly string[];
  readonly archived?: boolean;
}

/** What people say of a run: tags, a note, and whether lists leave it out. Kept as soon as a field is left. */
export function RunLabels({ run }: { readonly run: RunSummary }) {
  const queries = useQueryClient();
  const [note, setNote] = useState(run.note);
  const [tags, setTags] = useState<readonly string[]>(run.tags);
  const [archived, setArchived] = useState(run.archived);
  const used = useTags();
  const save = useMutation({
    mutationFn: (labels: Labels) => patchJson<RunSummary>(`/runs/${encodeURIComponent(run.id)}`, labels),
    onSuccess(kept) {
      setTags(kept.tags);
      setArchived(kept.archived);
      void queries.invalidateQueries({ queryKey: ['run', run.id] });
      void queries.invalidateQueries({ queryKey: ['tags'] });
    },
  });
  return (
    <Group gap="sm" align="flex-start" className="labels" role="group" aria-label="Labels">
      <TagsInput
        size="xs"
        w={280}
        aria-label="Tags"
        placeholder={tags.length === 0 ? 'Tags' : ''}
        value={[...tags]}
        maxTags={32}
        data={used.data ?? []}
        onChange={(chosen) => {
          setTags(chosen);
          save.mutate({ tags: chosen });
        }}
      />
      <Textarea
        size="xs"
        className="note"
        aria-label="Note"
        placeholder="Note: what you saw, why you ran it"
        autosize
        minRows={1}
        maxRows={6}
        maxLength={10_000}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
        onBlur={() => {
          if (note !== run.note) save.mutate({ note });
        }}
      />
      <Button
        size="xs"
        variant="default"
        aria-pressed={archived}
        title="Lists leave archived runs out, and nothing removes them"
        onClick={() => save.mutate({ archived: !archived })}
      >
        {archived ? 'Take out of the archive' : 'Archive'}
      </Button>
      <span className="hint" role="status" data-testid="labels-state">
        {save.isPending ? 'saving …' : save.isSuccess ? 'saved' : ''}
      </span>
      {save.isError && <ErrorNote error={save.error} />}
    </Group>
  );
}
