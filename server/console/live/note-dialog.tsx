import { Button, Group, Modal, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { StepNote } from '../../events.ts';
import { patchJson, postJson } from '../wire/api.ts';
import { ErrorNote } from '../wire/error-note.tsx';

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
  const ready = text.trim() !== '' && !save.isPending;
  return (
    <Modal.Root opened onClose={close} size="lg" lockScroll={false}>
      <Modal.Overlay />
      <Modal.Content>
        <Modal.Header component="div">
          <Modal.Title>
            Note at {time}, step {step}
          </Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </Modal.Header>
        <Modal.Body>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (ready) save.mutate();
            }}
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
            {save.isError && <ErrorNote error={save.error} />}
            <Group mt="md" justify="flex-end">
              <Button variant="default" onClick={close}>
                Leave it
              </Button>
              <Button type="submit" loading={save.isPending} disabled={!ready}>
                Save
              </Button>
            </Group>
          </form>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
