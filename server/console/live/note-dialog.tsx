import { Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { StepNote } from '../../events.ts';
import { SaveDialog } from '../save-dialog.tsx';
import { patchJson, postJson } from '../wire/api.ts';

/** A note that is being written: at a step, or one that there is. */
export type Draft = Pick<StepNote, 'step' | 'text'> & { readonly id?: number };

/** What somebody says of a step; it is in the list once the server has it. */
export function NoteDialog({
  runId,
  draft: { id, step, text: before },
  time,
  close,
}: {
  readonly runId: string;
  readonly draft: Draft;
  /** Of the step. */
  readonly time: string;
  readonly close: () => void;
}) {
  const [text, setText] = useState(before);
  const path = `/runs/${encodeURIComponent(runId)}/notes`;
  const save = useMutation({
    mutationFn: () => (id === undefined ? postJson(path, { step, text }) : patchJson(`${path}/${id}`, { text })),
    onSuccess: close,
  });
  return (
    <SaveDialog
      title={`Note at ${time}, step ${step}`}
      save={save}
      ready={text.trim() !== ''}
      close={close}
      lockScroll={false}
    >
      <Textarea
        label="What is to be said of this step"
        description="Ctrl+Enter saves."
        autosize
        minRows={3}
        maxRows={12}
        maxLength={2000}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && event.ctrlKey) event.currentTarget.form?.requestSubmit();
        }}
        data-autofocus
      />
    </SaveDialog>
  );
}
