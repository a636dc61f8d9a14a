import { selectBackend } from '../../nn/backend.ts';
import type { SelectedBackend } from '../../nn/backend.ts';
import type { StudyOptions } from './study.ts';

/** Runs a cell on a tensor backend and closes it: the one that was asked for, else WASM, the fastest on small nets and the same on every machine. */
export async function onTensors<Value>(
  { backend: force = 'wasm' }: Pick<StudyOptions, 'backend'>,
  run: (backend: SelectedBackend) => Promise<Value>,
): Promise<Value> {
  using backend = await selectBackend({ force });
  return await run(backend);
}
