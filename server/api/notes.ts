import type { Subject } from 'rxjs';
import { z } from 'zod';
import { parseValueAs } from '../../core/document.ts';
import { ConfigError, StateError } from '../../core/errors.ts';
import type { StepNote } from '../events.ts';
import { NotFoundError } from '../problem.ts';
import type { RunNotice } from '../run-notice.ts';
import type { Store } from '../store.ts';
import { json, operation } from './operation.ts';
import type { Operation } from './operation.ts';
import { stepNote } from './shapes.ts';

const headers = z.object({ 'idempotency-key': z.string().min(1).max(200).optional() });

const step = z.int().min(0).describe('One that the run has done: 0 is its first.');
const text = z
  .string()
  .overwrite((said) => said.replaceAll(/\r\n?/g, '\n'))
  .trim()
  .min(1)
  .max(2000)
  .regex(/^(?:[\t\n]|[^\p{Cc}\p{Cs}])*$/u, 'no control characters but tabs and new lines');

const listed = z.strictObject({
  notes: z.array(stepNote),
  next: z
    .int()
    .describe('Number of the next change: `eventsFrom` of a subscription that needs no more than what is new.'),
});

/** What people say of single steps of a run, while it goes on and after. */
export function noteOperations(store: Store, notices: Subject<RunNotice>, now: () => number): readonly Operation[] {
  /** @throws {StateError} for a run that has done no step @throws {ConfigError} for a step that it has not done */
  const assertDone = (run: string, step: number): void => {
    const { headStep, state } = store.summary(run);
    if (headStep === 0) throw new StateError(`run '${run}' is ${state} and has no step yet that a note could be at`);
    if (step >= headStep)
      throw new ConfigError(`run '${run}' has done ${headStep} steps, got ${step}, expected 0 … ${headStep - 1}`, {
        place: { path: '/step' },
      });
  };
  const told = <T>(runId: string, answer: T): T => {
    notices.next({ type: 'noted', runId });
    return answer;
  };
  return [
    operation({
      method: 'get',
      path: '/runs/:id/notes',
      scope: 'read',
      summary: 'Notes at steps of a run.',
      answers: { 200: { description: 'By their step.', content: json(listed) } },
      handle({ param }): z.infer<typeof listed> {
        const { id } = store.summary(param('id'));
        return { notes: [...store.notes.list(id)], next: store.notes.next(id) };
      },
    }),
    operation({
      method: 'post',
      path: '/runs/:id/notes',
      scope: 'run',
      summary: 'Keeps a note at a step. The same Idempotency-Key answers the same note.',
      headers,
      body: { kind: 'json', schema: z.strictObject({ step, text }) },
      answers: { 201: { description: 'The note.', content: json(stepNote) } },
      handle({ request, param, body }): StepNote {
        const { 'idempotency-key': key } = parseValueAs(request.headers, 'headers', headers);
        const { id } = store.summary(param('id'));
        assertDone(id, body.step);
        return told(id, store.notes.add(id, body, now(), key));
      },
    }),
    operation({
      method: 'patch',
      path: '/runs/:id/notes/:note',
      scope: 'run',
      summary: 'Changes what a note says, or moves it to another step.',
      body: { kind: 'json', schema: z.strictObject({ step: step.optional(), text: text.optional() }) },
      answers: { 200: { description: 'The note.', content: json(stepNote) } },
      handle({ param, body }): StepNote {
        const { id } = store.summary(param('id'));
        const note = noteId(param('note'));
        if (body.step !== undefined) assertDone(id, body.step);
        const changed = store.notes.change(id, note, body, now());
        return changed === undefined ? store.notes.get(id, note) : told(id, changed);
      },
    }),
    operation({
      method: 'delete',
      path: '/runs/:id/notes/:note',
      scope: 'run',
      summary: 'Removes a note.',
      answers: { 204: { description: 'It is gone.' } },
      handle({ param }) {
        const { id } = store.summary(param('id'));
        store.notes.remove(id, noteId(param('note')));
        told(id, undefined);
      },
    }),
  ];
}

/** @throws {NotFoundError} for what is no number of a note */
function noteId(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new NotFoundError(`there is no note '${text.slice(0, 80)}'`);
  return Number(text);
}
