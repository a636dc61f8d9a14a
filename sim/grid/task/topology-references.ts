import type { TopologyAction } from './topology-actions.ts';

/** What references need of the task: it moves a lane's state. */
export interface TopologyWorld {
  readonly actions: readonly TopologyAction[];
  readonly horizon: number;
  /** Moves the state by one step and returns the reward. @param isRuled whether standing rules have a say, where the task has them */
  step(own: Float64Array, action: TopologyAction, isRuled: boolean): number;
  isDark(own: Float64Array): boolean;
  /** Whether a branch is near its limit. */
  isNear(own: Float64Array): boolean;
  isOut(own: Float64Array, branch: number): boolean;
  /** Largest loading of the last step. */
  loading(own: Float64Array): number;
}

/**
 * Returns that others reach: doing nothing, beside the task's standing rules where it has them (`do_nothing`) and without these (`unaided`), and looking one step ahead (`greedy`): all
 * actions where a branch is near its limit, of which it takes the one with the least largest loading; else those that bring a branch back, and the best reward.
 */
export function topologyReferences(world: TopologyWorld): Readonly<Record<string, (state: Float64Array) => number>> {
  const { actions, horizon } = world;
  const nothing = actions[0]!;
  let ahead = new Float64Array(0);
  const greedy = (own: Float64Array): TopologyAction => {
    const near = world.isNear(own);
    if (ahead.length !== own.length) ahead = new Float64Array(own.length);
    let [best, most] = [nothing, -Infinity];
    for (const action of actions) {
      const returns = action.kind === 'line' && world.isOut(own, action.branch);
      if (!near && !returns && action.kind !== 'nothing') continue;
      ahead.set(own);
      const reward = world.step(ahead, action, true);
      const value = world.isDark(ahead) ? -1e9 : near ? -world.loading(ahead) : reward;
      if (value > most) [best, most] = [action, value];
    }
    return best;
  };
  const played = (start: Float64Array, choose: (own: Float64Array) => TopologyAction, isRuled: boolean): number => {
    const own = start.slice();
    let total = 0;
    for (let t = 0; t < horizon && !world.isDark(own); t++) total += world.step(own, choose(own), isRuled);
    return total;
  };
  return {
    do_nothing: (own) => played(own, () => nothing, true),
    unaided: (own) => played(own, () => nothing, false),
    greedy: (own) => played(own, greedy, true),
  };
}
