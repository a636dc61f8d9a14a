import { UnknownNameError } from '../../../core/errors.ts';
import { selectBackend } from '../../../nn/backend.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import type { Workspace } from '../../workspace.ts';
import type { StudyCell, StudyOptions, StudyPlan } from '../study.ts';
import { banditCell } from './bandit-cell.ts';
import { banditSizes, scaleSizes } from './bandit-sizes.ts';
import { controllerSizes, languageSizes } from './contest-sizes.ts';
import { controllerCell } from './controller-cell.ts';
import { languageCell } from './language-cell.ts';
import { scaleCell } from './scale-cell.ts';

/** What `--only` names. */
const parts = ['bandit', 'scale', 'controller', 'language'] as const;

/** @throws {UnknownNameError} for a part that there is not */
export function partsOf({ only }: StudyOptions): readonly string[] {
  for (const name of only ?? [])
    if (!(parts as readonly string[]).includes(name)) throw new UnknownNameError('part', name, [...parts]);
  return only ?? parts;
}

export function cellId(part: string, difficulty: string, seed: number): string {
  return `${part}-${difficulty}-seed${seed}`;
}

/** A cell a problem and seed: its reference with all that is made of it. */
export function plan(options: StudyOptions): StudyPlan {
  const wanted = partsOf(options);
  const seeds = Array.from({ length: options.seeds }, (_, seed) => seed);
  const cells = (part: (typeof parts)[number], sizes: object, run: (name: string, seed: number) => Run): StudyCell[] =>
    wanted.includes(part)
      ? Object.keys(sizes).flatMap((name) =>
          seeds.map((seed) => ({
            id: cellId(part, name, seed),
            title: `${part}, ${name}, seed ${seed}`,
            run: (progress, workspace) => onTensors((tf) => run(name, seed)(tf, progress, workspace)),
          })),
        )
      : [];
  const [bandits, scales] = [banditSizes(options), scaleSizes(options)];
  const [controllers, languages] = [controllerSizes(options), languageSizes(options)];
  return {
    trainings: [],
    runs: [],
    cells: [
      ...cells('bandit', bandits, (name, seed) => (tf, progress) => {
        const { difficulty, size } = bandits[name]!;
        return banditCell(tf, seed, difficulty, size, progress);
      }),
      ...cells('scale', scales, (name, seed) => (tf, progress) => scaleCell(tf, seed, scales[name]!, progress)),
      ...cells(
        'controller',
        controllers,
        (name, seed) => (tf, progress, workspace) => controllerCell(tf, workspace, seed, controllers[name]!, progress),
      ),
      ...cells(
        'language',
        languages,
        (name, seed) => (tf, progress) => languageCell(tf, seed, languages[name]!, progress),
      ),
    ],
  };
}

type Run = (tf: Tensorflow, progress: (done: number) => void, workspace: Workspace) => Promise<unknown>;

/** Losses are tensors wherever the net is; the backend is the fastest on small ones, the same on every machine. */
async function onTensors<Value>(run: (tf: Tensorflow) => Promise<Value>): Promise<Value> {
  using backend = await selectBackend({ force: 'wasm' });
  return await run(backend.tf);
}
