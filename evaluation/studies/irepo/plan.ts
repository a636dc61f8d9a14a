import type { ZodType } from 'zod';
import { UnknownNameError } from '../../../core/errors.ts';
import { selectBackend } from '../../../nn/backend.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import type { Workspace } from '../../workspace.ts';
import type { StudyCell, StudyOptions, StudyPlan } from '../study.ts';
import { banditCell } from './bandit-cell.ts';
import { banditSizes, scaleSizes } from './bandit-sizes.ts';
import { banditShape, controllerShape, languageShape, scaleShape } from './cell-shape.ts';
import { controllerSizes, languageSizes } from './contest-sizes.ts';
import { controllerCell } from './controller-cell.ts';
import { languageCell } from './language-cell.ts';
import { scaleCell } from './scale-cell.ts';

/** What `--only` names: problems at the difficulty of the claims (`scale`: at a larger scale), and all other difficulties of them. */
const parts = ['bandit', 'scale', 'controller', 'language', 'difficulty'] as const;

/** @throws {UnknownNameError} for a part that there is not */
export function partsOf({ only }: StudyOptions): readonly string[] {
  for (const name of only ?? [])
    if (!(parts as readonly string[]).includes(name)) throw new UnknownNameError('part', name, [...parts]);
  return only ?? parts;
}

/** Names of those sizes of a part that were asked for. */
export function namesOf(part: 'bandit' | 'controller' | 'language', sizes: object, options: StudyOptions): string[] {
  const wanted = partsOf(options);
  return Object.keys(sizes).filter((name) => wanted.includes(name === 'base' ? part : 'difficulty'));
}

export function cellId(part: string, difficulty: string, seed: number): string {
  return `${part}-${difficulty}-seed${seed}`;
}

/** A cell a problem and seed: its reference with all that is made of it. */
export function plan(options: StudyOptions): StudyPlan {
  const seeds = Array.from({ length: options.seeds }, (_, seed) => seed);
  const cells = (part: string, names: readonly string[], one: (name: string) => Planned): StudyCell[] =>
    names.flatMap((name) => {
      const { shape, run } = one(name);
      return seeds.map((seed) => ({
        id: cellId(part, name, seed),
        title: `${part}, ${name}, seed ${seed}`,
        shape,
        run: (progress, workspace) => onTensors((tf) => run(tf, seed, progress, workspace)),
      }));
    });
  const bandits = banditSizes(options);
  const scales = partsOf(options).includes('scale') ? scaleSizes(options) : {};
  const [controllers, languages] = [controllerSizes(options), languageSizes(options)];
  return {
    trainings: [],
    runs: [],
    cells: [
      ...cells('bandit', namesOf('bandit', bandits, options), (name) => {
        const { difficulty, size } = bandits[name]!;
        return {
          shape: banditShape(size),
          run: (tf, seed, progress) => banditCell(tf, seed, difficulty, size, progress),
        };
      }),
      ...cells('scale', Object.keys(scales), (name) => ({
        shape: scaleShape,
        run: (tf, seed, progress) => scaleCell(tf, seed, scales[name]!, progress),
      })),
      ...cells('controller', namesOf('controller', controllers, options), (name) => ({
        shape: controllerShape(controllers[name]!),
        run: (tf, seed, progress, workspace) => controllerCell(tf, workspace, seed, controllers[name]!, progress),
      })),
      ...cells('language', namesOf('language', languages, options), (name) => ({
        shape: languageShape(languages[name]!),
        run: (tf, seed, progress) => languageCell(tf, seed, languages[name]!, progress),
      })),
    ],
  };
}

/** A problem: what its cells return, and how one is done. */
interface Planned {
  readonly shape: ZodType;
  readonly run: (
    tf: Tensorflow,
    seed: number,
    progress: (done: number) => void,
    workspace: Workspace,
  ) => Promise<unknown>;
}

/** Losses are tensors wherever the net is; the backend is the fastest on small ones, the same on every machine. */
async function onTensors<Value>(run: (tf: Tensorflow) => Promise<Value>): Promise<Value> {
  using backend = await selectBackend({ force: 'wasm' });
  return await run(backend.tf);
}
