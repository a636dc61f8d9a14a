import { ConfigError, StateError } from '../core/errors.ts';
import type { NoteEvent, StepNote } from './events.ts';
import { NotFoundError } from './problem.ts';
import type { Row, Sqlite } from './sqlite.ts';

/** Most notes of a run, those that were removed included. */
export const maxNotes = 2000;

/** What a note says. */
export type NoteText = Pick<StepNote, 'step' | 'text'>;

/**
 * What people say of single steps of a run. Every change of a run's notes has a number, one more than the change before it; a note has the number of its last
 * change, so that whoever knows a run up to a number finds everything after it.
 */
export class StepNotes {
  readonly #database: Sqlite;

  constructor(database: Sqlite) {
    this.#database = database;
  }

  /** A run's notes by their step. */
  list(run: string): readonly StepNote[] {
    return this.#database
      .prepare('select * from step_note where run_id = ? and text is not null order by step, id')
      .all(run)
      .map(noteOf);
  }

  /** The number of a run's next change. */
  next(run: string): number {
    const row = this.#database.prepare('select max(seq) as seq from step_note where run_id = ?').get(run);
    return row?.['seq'] === null || row === undefined ? 0 : Number(row['seq']) + 1;
  }

  /** What changed from a number on, each note once, in the order of its last change. */
  changes(run: string, from: number, limit: number): readonly NoteEvent[] {
    return this.#database
      .prepare('select * from step_note where run_id = ? and seq >= ? order by seq limit ?')
      .all(run, from, limit)
      .map((row) => ({
        runId: run,
        seq: Number(row['seq']),
        kind: 'note',
        id: Number(row['id']),
        note: row['text'] === null ? null : noteOf(row),
      }));
  }

  /** @throws {NotFoundError} */
  get(run: string, id: number): StepNote {
    const row = this.#database
      .prepare('select * from step_note where run_id = ? and id = ? and text is not null')
      .get(run, id);
    if (row === undefined) throw new NotFoundError(`run '${run.slice(0, 80)}' has no note ${id}`);
    return noteOf(row);
  }

  /**
   * Keeps a note; with a key, answers the one that the key made before, if it is still there.
   * @throws {StateError} when the key came with another note  @throws {ConfigError} when the run has too many
   */
  add(run: string, { step, text }: NoteText, createdAt: number, key?: string): StepNote {
    const asked = JSON.stringify({ step, text });
    const known = key === undefined ? undefined : this.#byKey(run, key);
    if (known !== undefined) {
      if (known['asked'] !== asked)
        throw new StateError(
          `the Idempotency-Key '${key}' came with another note before (note ${String(known['id'])})`,
        );
      return noteOf(known);
    }
    const had = this.#database.prepare('select count(*) as count from step_note where run_id = ?').get(run);
    if (Number(had?.['count']) >= maxNotes)
      throw new ConfigError(`run '${run}' has had ${maxNotes} notes already, and takes no more`);
    const id = this.next(run);
    this.#database
      .prepare(
        'insert into step_note(run_id, id, seq, step, text, created_at, key, asked) values (?, ?, ?, ?, ?, ?, ?, ?)',
      )
      .run(run, id, id, step, text, createdAt, key ?? null, key === undefined ? null : asked);
    return this.get(run, id);
  }

  /** What is absent stays. @returns undefined when nothing changed  @throws {NotFoundError} */
  change(
    run: string,
    id: number,
    change: { readonly [K in keyof NoteText]?: NoteText[K] | undefined },
    changedAt: number,
  ): StepNote | undefined {
    const before = this.get(run, id);
    const { step = before.step, text = before.text } = change;
    if (step === before.step && text === before.text) return undefined;
    this.#database
      .prepare('update step_note set seq = ?, step = ?, text = ?, changed_at = ? where run_id = ? and id = ?')
      .run(this.next(run), step, text, changedAt, run, id);
    return this.get(run, id);
  }

  /** @throws {NotFoundError} */
  remove(run: string, id: number): void {
    this.get(run, id);
    this.#database
      .prepare('update step_note set seq = ?, text = null, key = null, asked = null where run_id = ? and id = ?')
      .run(this.next(run), run, id);
  }

  /** The notes of a run that is removed go with it. */
  forget(run: string): void {
    this.#database.prepare('delete from step_note where run_id = ?').run(run);
  }

  #byKey(run: string, key: string): Row | undefined {
    return this.#database.prepare('select * from step_note where run_id = ? and key = ?').get(run, key);
  }
}

function noteOf(row: Row): StepNote {
  return {
    id: Number(row['id']),
    step: Number(row['step']),
    text: String(row['text']),
    createdAt: Number(row['created_at']),
    changedAt: row['changed_at'] === null ? null : Number(row['changed_at']),
  };
}
