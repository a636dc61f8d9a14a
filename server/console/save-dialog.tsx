import { Button, Group, Modal } from '@mantine/core';
import type { UseMutationResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ErrorNote } from './wire/error-note.tsx';

/** A dialog whose fields are saved together; it stays, and says why, where the server refuses them. */
export function SaveDialog({
  title,
  label,
  save,
  ready,
  close,
  lockScroll = true,
  children,
}: {
  readonly title: ReactNode;
  /** Its name, where that is not the title. */
  readonly label?: string;
  readonly save: Pick<UseMutationResult<unknown, Error, void>, 'mutate' | 'isPending' | 'isError' | 'error'>;
  /** Whether what the fields hold may be saved. */
  readonly ready: boolean;
  readonly close: () => void;
  readonly lockScroll?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <Modal.Root opened onClose={close} size="lg" lockScroll={lockScroll}>
      <Modal.Overlay />
      <Modal.Content {...(label !== undefined && { 'aria-label': label })}>
        <Modal.Header component="div">
          <Modal.Title>{title}</Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </Modal.Header>
        <Modal.Body>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (ready && !save.isPending) save.mutate();
            }}
          >
            {children}
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
