import { Button, Group, Modal, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { RunSummary } from '../../events.ts';
import { patchJson } from '../wire/api.ts';
import { ErrorNote } from '../wire/error-note.tsx';

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
    <Modal.Root opened onClose={close} size="lg">
      <Modal.Overlay />
      <Modal.Content aria-label={`Tags and note of ${run.name}`}>
        <Modal.Header component="div">
          <Modal.Title>Tags and note</Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </Modal.Header>
        <Modal.Body>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              save.mutate();
            }}
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
            {save.isError && <ErrorNote error={save.error} />}
            <Group mt="md" justify="flex-end">
              <Button variant="default" onClick={close}>
                Leave it
              </Button>
              <Button type="submit" loading={save.isPending} disabled={said.name.trim() === ''}>
                Save
              </Button>
            </Group>
          </form>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
