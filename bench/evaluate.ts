// A full-year closed-loop evaluation: 8759 steps, PGD with 100 iterations, one attacked lane beside its clean twin.
//
// Floor: 875 900 gradients of 31-256-256-20 at batch 1, each 2·(2·(31·256 + 256·256 + 256·20)) ≈ 0.31 MFLOP and, the weights
// (0.31 MB) being read twice, 0.63 MB from cache: 0.28 TFLOP and 0.55 TB in all, 15 … 20 s if every gradient were asked and every weight
// read. Rows that have come to rest are asked no more, and one row walks past ReLUs that are off; bench/lanes.ts counts both for many lanes.
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { scenarioFrom } from '../core/scenario.ts';
import { commandQueue } from '../evaluation/control.ts';
import { runEvents } from '../evaluation/run.ts';
import { schema } from '../evaluation/vocabulary.ts';
import { systemClock } from '../server/clock.ts';
import { fileWorkspace } from '../server/workspace.ts';

export interface EvaluateBenchRow {
  readonly case: string;
  readonly steps: number;
  readonly seconds: number;
  readonly gradientsPerSecond: number;
  readonly share: string;
}

/** Runs the shipped policies through a year under each of three attacks, one at a time. */
export async function run(): Promise<EvaluateBenchRow[]> {
  const workspace = fileWorkspace({ roots: null, modelsDir: join(import.meta.dirname, '..', 'models') });
  const rows: EvaluateBenchRow[] = [];
  for (const policy of ['ppo20-builtin', 'sac-builtin']) {
    for (const attack of ['random-noise', 'pgd', 'bifurcation']) {
      const config = attack === 'random-noise' ? {} : { steps: 100, restarts: 1 };
      const scenario = scenarioFrom({ victim: { policy }, attacks: [{ name: attack, config }] }, 'bench', schema);
      for await (const event of runEvents(scenario, workspace, {
        clock: systemClock,
        commands: commandQueue(),
        versions: {},
        codeHash: '',
      })) {
        if (event.type !== 'finished') continue;
        const { seconds, gradientsPerSecond } = event.result.timing;
        const attackSeconds = event.result.lanes[1]!.cost!.seconds;
        rows.push({
          case: `${policy} under ${attack}`,
          steps: event.result.lanes[1]!.steps,
          seconds: Number(seconds.toFixed(2)),
          gradientsPerSecond: Math.round(gradientsPerSecond),
          share: `${((100 * attackSeconds) / seconds).toFixed(0)} % in the attack`,
        });
      }
    }
  }
  return rows;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  console.table(await run());
