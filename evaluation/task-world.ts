import { ConfigError } from '../core/errors.ts';
import type { Scenario, TaskSpec } from '../core/scenario.ts';
import { gridTasks } from '../sim/grid/task/index.ts';
import type { GridTaskName } from '../sim/grid/task/index.ts';
import type { GridTask, Measure } from '../sim/grid/task/task.ts';
import { lockstepEnv } from '../sim/lockstep-env.ts';
import { hashOf } from './canonical.ts';
import { sitesOf } from './sites.ts';
import type { AddSignal, Gauges, LaneKpis, World, WorldEnv } from './world.ts';

/** What a policy's card says of observations that are all between their feature's low and high. */
export const unitNormalisation = 'unit';

/** Units of actions that are a choice among some: the first and the last of them are no bounds. */
const choices: ReadonlySet<string> = new Set(['number', '0 or 1']);

/** Episodes that a practice lasts. */
const practiceEpisodes = 30;

/**
 * A control task on a grid as a world, on the days that no controller has learnt on. A site is an episode, its day drawn by the scenario's seed and the site's name, so that twin and
 * attacked lane meet the same; where steps go beyond its end the next day follows. What the physics ends (a blackout) lasts to the episode's end, so that twins stay side by side.
 */
export function taskWorld(
  { district, task }: Pick<Scenario, 'district'> & { readonly task: TaskSpec },
  groups: number,
  only: readonly number[],
): World {
  const { open } = gridTasks[task.name as GridTaskName];
  const judged = open(task.config, 'judge');
  const steps = task.steps ?? judged.kernel.horizon;
  const sites = sitesOf({ district, task });
  const chosen = only.map((site) => sites[site]!);
  const gauges = new TaskGauges(judged, groups * chosen.length);
  const env = taskEnv(judged, Array.from({ length: groups }, () => chosen).flat(), steps);
  return {
    env: gauges.around(env),
    gauges,
    hash: hashOf({ task: task.name, config: task.config }),
    rehearsal: () => taskEnv(judged, sites, steps),
    practice() {
      const practised = open(task.config, 'train');
      return taskEnv(practised, sites, practiceEpisodes * practised.kernel.horizon);
    },
  };
}

function taskEnv({ kernel, secondsPerStep }: GridTask, streams: readonly string[], steps: number): WorldEnv {
  return {
    ...lockstepEnv({ ...kernel, terminal: () => false }, streams.length, streams),
    episodeSteps: steps,
    secondsPerTimeStep: secondsPerStep,
    observationSize: kernel.features.length,
    actionSize: kernel.actions.length,
    laneFeatures: () => kernel.features,
    laneActions: () => kernel.actions,
    plantModel: () => undefined,
    knownPlant() {
      throw new ConfigError('a control task has no model that an attack could plan with', { place: { path: '/task' } });
    },
  };
}

/** Adds up a task's measures, lane by lane, after every step. */
class TaskGauges implements Gauges {
  readonly kpis: readonly LaneKpis[];
  readonly #task: GridTask;
  /** [N, measures] */
  readonly #folded: Float64Array;
  readonly #state: Float64Array;
  readonly #listeners: ((lane: number, reward: number) => void)[] = [];
  #steps = 0;

  constructor(task: GridTask, lanes: number) {
    const { measures } = task;
    this.#task = task;
    this.#state = new Float64Array(task.kernel.state.length);
    this.#folded = new Float64Array(lanes * measures.length);
    this.kpis = Array.from({ length: lanes }, (_, lane): LaneKpis => {
      const value = (name: string): number | null => {
        const m = measures.findIndex((measure) => measure.name === name);
        if (m < 0 || this.#steps === 0) return null;
        const folded = this.#folded[lane * measures.length + m]!;
        return measures[m]!.fold === 'mean' ? folded / this.#steps : folded;
      };
      return { value, values: () => Object.fromEntries(measures.map(({ name }) => [name, value(name)])) };
    });
  }

  /** The environment, with every step of it counted. */
  around(env: WorldEnv): WorldEnv {
    const { measures } = this.#task;
    const state = this.#state;
    return {
      ...env,
      step: (action) => {
        const batch = env.step(action);
        for (let lane = 0; lane < env.numEnvs; lane++) {
          env.probe(lane, state);
          for (let m = 0; m < measures.length; m++) {
            const place = lane * measures.length + m;
            this.#folded[place] = added(measures[m]!, this.#folded[place]!, state[measures[m]!.at]!, this.#steps);
          }
        }
        this.#steps++;
        for (let lane = 0; lane < env.numEnvs; lane++) {
          env.probe(lane, state);
          for (let i = 0; i < this.#listeners.length; i++) this.#listeners[i]!(lane, batch.reward[lane]!);
        }
        return batch;
      },
    };
  }

  runningKpis(): ReturnType<Gauges['runningKpis']> {
    return this.#task.measures.map(({ name, unit }) => ({ name, unit }));
  }

  columns(_lane: number, _clean: boolean, add: AddSignal) {
    const { measures, kernel } = this.#task;
    const columns = measures.map(({ name, unit }) => add(name, unit));
    const single = kernel.actions.length === 1;
    const act = kernel.actions.map(({ name, unit, low, high }) =>
      add(single ? 'action' : `action.${name}`, unit, choices.has(unit) ? {} : { range: [low, high] }),
    );
    const rew = add('reward', 'reward');
    return ((recorder, action, reward) => {
      for (let m = 0; m < columns.length; m++) recorder.set(columns[m]!, this.#state[measures[m]!.at]!);
      for (let i = 0; i < act.length; i++) recorder.set(act[i]!, action[i]!);
      recorder.set(rew, reward);
    }) satisfies ReturnType<Gauges['columns']>;
  }

  tap(listener: (lane: number, reward: number) => void): void {
    this.#listeners.push(listener);
  }
}

/** @param before of the steps so far, `steps` of them */
function added({ fold }: Measure, before: number, now: number, steps: number): number {
  if (fold === 'sum' || fold === 'mean') return before + now;
  if (steps === 0) return now;
  return fold === 'least' ? Math.min(before, now) : Math.max(before, now);
}
