import type { StepBatch, VectorEnv } from '../core/environment.ts';
import { assertLength, ConfigError, ShapeError, StateError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import { rngFromState } from '../core/rng.ts';
import type { Feature } from '../core/space.ts';
import type { Channel } from '../core/telemetry.ts';

/** The dynamics of one lane: numbers in, numbers out. Everything that changes is in `state`. */
export interface Kernel {
  readonly features: readonly Feature[];
  readonly actions: readonly Feature[];
  /** What a lane's state holds, in order; probes read it. */
  readonly state: readonly Channel[];
  /** Steps until the clock ends an episode. */
  readonly horizon: number;
  init(state: Float64Array, rng: Rng): void;
  /** @param out [O] */
  observe(state: Float64Array, out: Float32Array): void;
  /** Moves the state by one step and returns the reward. @param action [A] physical; the kernel clips */
  advance(state: Float64Array, action: Float64Array, rng: Rng): number;
  /** Whether the physics ended the episode; default never. */
  terminal?(state: Float64Array): boolean;
}

/** A lockstep environment can always be frozen and thawed. */
export type LockstepEnv = VectorEnv & Required<Pick<VectorEnv, 'snapshot' | 'restore'>>;

/**
 * N lanes of a kernel in lockstep, each with a random stream of its own.
 *
 * Same-step autoreset as in Gymnasium: where an episode ended, `finalObservation` is what it ended on and `observation` what
 * the next one begins with. An episode that the physics ended is not truncated, even on the clock's last step. The state is
 * float64; no step allocates.
 *
 * @param streams names of the lanes' random streams, so that lanes of one name meet the same; absent: each its own
 * @throws {ShapeError} when there is no lane, or an action is not a finite number; {StateError} for a step before the first reset.
 */
export function lockstepEnv(
  kernel: Kernel,
  numEnvs: number,
  streams: readonly (string | number)[] = Array.from({ length: numEnvs }, (_, lane) => lane),
): LockstepEnv {
  if (!Number.isInteger(numEnvs) || numEnvs < 1)
    throw new ShapeError(`lockstepEnv: ${numEnvs} lanes, expected an integer from 1`);
  const actionSize = kernel.actions.length;
  const batch: StepBatch = {
    observation: new Float32Array(numEnvs * kernel.features.length),
    finalObservation: new Float32Array(numEnvs * kernel.features.length),
    reward: new Float64Array(numEnvs),
    terminated: new Uint8Array(numEnvs),
    truncated: new Uint8Array(numEnvs),
  };
  const state = new Float64Array(numEnvs * kernel.state.length);
  const taken = new Float64Array(numEnvs * actionSize);
  const age = new Float64Array(numEnvs);
  let rngs: readonly Rng[] = [];
  // Views made once: a lane's kernel sees its own numbers, and stepping makes no garbage.
  const states = rowsOf(state, numEnvs);
  const actions = rowsOf(taken, numEnvs);
  const observations = rowsOf(batch.observation, numEnvs);
  const finals = rowsOf(batch.finalObservation, numEnvs);

  const begin = (lane: number): void => {
    age[lane] = 0;
    kernel.init(states[lane]!, rngs[lane]!);
  };
  return {
    numEnvs,
    observationSpace: { kind: 'box', features: kernel.features },
    actionSpace: { kind: 'box', features: kernel.actions },
    probeChannels: kernel.state,
    reset(rng) {
      rngs = streams.map((name) => rng.split(name));
      batch.reward.fill(0);
      batch.terminated.fill(0);
      batch.truncated.fill(0);
      for (let lane = 0; lane < numEnvs; lane++) {
        begin(lane);
        kernel.observe(states[lane]!, observations[lane]!);
      }
      return batch;
    },
    step(action) {
      if (rngs.length === 0) throw new StateError('step before reset');
      assertLength(action, taken.length, 'action', 'lockstepEnv.step');
      for (let at = 0; at < action.length; at++) {
        if (!Number.isFinite(action[at]!))
          throw new ShapeError(
            `lane ${Math.floor(at / actionSize)}: action ${at % actionSize} is ${action[at]}, expected a finite number`,
          );
      }
      taken.set(action);
      for (let lane = 0; lane < numEnvs; lane++) {
        const own = states[lane]!;
        batch.reward[lane] = kernel.advance(own, actions[lane]!, rngs[lane]!);
        age[lane]!++;
        const terminated = kernel.terminal?.(own) === true;
        const truncated = !terminated && age[lane]! >= kernel.horizon;
        batch.terminated[lane] = terminated ? 1 : 0;
        batch.truncated[lane] = truncated ? 1 : 0;
        if (terminated || truncated) {
          kernel.observe(own, finals[lane]!);
          begin(lane);
        }
        kernel.observe(own, observations[lane]!);
      }
      return batch;
    },
    disturb(disturbance) {
      throw new ConfigError(`a ${disturbance.type} disturbance, but this environment has nothing to disturb`);
    },
    probe(lane, out) {
      out.set(states[lane]!);
    },
    snapshot() {
      if (rngs.length === 0) throw new StateError('snapshot before reset');
      return Float64Array.from([...age, ...state, ...rngs.flatMap((stream) => [...stream.state])]);
    },
    restore(snapshot) {
      assertLength(snapshot, numEnvs * (1 + kernel.state.length + 8), 'snapshot', 'lockstepEnv.restore');
      age.set(snapshot.subarray(0, numEnvs));
      state.set(snapshot.subarray(numEnvs, numEnvs + state.length));
      rngs = rowsOf(snapshot.subarray(numEnvs + state.length), numEnvs).map((words) => rngFromState(words));
      for (let lane = 0; lane < numEnvs; lane++) kernel.observe(states[lane]!, observations[lane]!);
    },
    [Symbol.dispose]() {},
  };
}

/** The rows of a matrix [N×·] as views. */
function rowsOf<Numbers extends Float32Array | Float64Array>(matrix: Numbers, rows: number): readonly Numbers[] {
  const width = matrix.length / rows;
  return Array.from({ length: rows }, (_, row) => matrix.subarray(row * width, (row + 1) * width) as Numbers);
}
