import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { StepNote } from '../../events.ts';
import { request } from '../wire/api.ts';
import { ErrorNote } from '../wire/error-note.tsx';

const confirmMs = 4000;

/** What people say of steps of a run, by step; each leads to its step. */
export function NoteList({
  runId,
  notes,
  timeOf,
  show,
  change,
}: {
  readonly runId: string;
  readonly notes: readonly StepNote[];
  readonly timeOf: (step: number) => string;
  readonly show: (step: number) => void;
  readonly change: (note: StepNote) => void;
}) {
  const remove = useMutation({
    mutationFn: (id: number) => request(`/runs/${encodeURIComponent(runId)}/notes/${id}`, { method: 'DELETE' }),
  });
  return (
    <>
      {notes.length > 0 && (
        <ul className="step-notes" aria-label="Notes">
          {notes.map((note) => (
            <li key={note.id} data-note={note.id}>
              <Button
                size="compact-xs"
                variant="default"
                aria-label={`Show the note at ${timeOf(note.step)}`}
                onClick={() => show(note.step)}
              >
                {timeOf(note.step)}
              </Button>
              <p dir="auto">{note.text}</p>
              <Button
                size="compact-xs"
                variant="default"
                aria-label={`Change the note at ${timeOf(note.step)}`}
                onClick={() => change(note)}
              >
                Change
              </Button>
              <RemoveButton time={timeOf(note.step)} remove={() => remove.mutate(note.id)} />
            </li>
          ))}
        </ul>
      )}
      {remove.isError && <ErrorNote error={remove.error} />}
    </>
  );
}

/** Asks once more. */
function RemoveButton({ time, remove }: { readonly time: string; readonly remove: () => void }) {
  const [sure, setSure] = useState(false);
  useEffect(() => {
    if (!sure) return undefined;
    const timer = setTimeout(() => setSure(false), confirmMs);
    return () => clearTimeout(timer);
  }, [sure]);
  return (
    <Button
      size="compact-xs"
      color="red"
      variant={sure ? 'filled' : 'default'}
      aria-label={`${sure ? 'Really delete' : 'Delete'} the note at ${time}`}
      onClick={() => {
        if (sure) remove();
        setSure(!sure);
      }}
    >
      {sure ? 'Really delete' : 'Delete'}
    </Button>
  );
}
