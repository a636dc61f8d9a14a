import { TagsInput, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { RunSummary } from '../../events.ts';
import { SaveDialog } from '../save-dialog.tsx';
import { patchJson } from '../wire/api.ts';

/** What people say of a run: its name, tags and a note. */
export function AnnotateDialog(props: {
  readonly run: RunSummary;
  readonly tags: readonly string[];
  readonly close: () => void;
}) {
  const { run, tags, close } = props;
  const [said, setSaid] = useState({ name: run.name, tags: [...run.tags], note: run.note });
  const save = useMutation({
    mutationFn: () => patchJson<RunSummary>(`/runs/${run.id}`, said),
    onSuccess: close,
  });
  return (
    <SaveDialog
      title="Tags and note"
      label={`Tags and note of ${run.name}`}
      save={save}
      ready={said.name.trim() !== ''}
      close={close}
    >
      <TextInput
        label="Name"
        maxLength={120}
        value={said.name}
        onChange={(event) => setSaid({ ...said, name: event.currentTarget.value })}
      />
      <TagsInput
        mt="sm"
        label="Tags"
        description="Enter adds one. Runs with a tag are never removed by themselves."
        data={[...tags]}
        maxTags={32}
        value={said.tags}
        onChange={(value) => setSaid({ ...said, tags: value })}
        data-autofocus
      />
      <Textarea
        mt="sm"
        label="Note"
        autosize
        minRows={4}
        maxRows={14}
        maxLength={10_000}
        value={said.note}
        onChange={(event) => setSaid({ ...said, note: event.currentTarget.value })}
      />
    </SaveDialog>
  );
}
