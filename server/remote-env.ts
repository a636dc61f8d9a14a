import { z } from 'zod';
import type { StepBatch } from '../core/environment.ts';
import { ShapeError, StateError } from '../core/errors.ts';
import { rng } from '../core/rng.ts';
import { scenarioFrom } from '../core/scenario.ts';
import type { Box } from '../core/space.ts';
import { districtLanes } from '../evaluation/district-ground.ts';
import { schema } from '../evaluation/vocabulary.ts';
import type { Workspace } from '../evaluation/workspace.ts';

/** Lanes of one session. */
export const maxLanes = 256;

const numbers = z.union([z.array(z.number()).max(100_000), z.instanceof(Uint8Array)]);
export const envMessage = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('reset'),
    data: z
      .strictObject({
        seed: z.int().min(0).default(0),
        lanes: z.int().min(1).max(maxLanes).default(1),
        scenario: z.looseObject({}).default({}),
      })
      .prefault({}),
  }),
  z.strictObject({ type: z.literal('step'), data: z.strictObject({ action: numbers }) }),
  z.strictObject({ type: z.literal('state'), data: z.looseObject({}).optional() }),
  z.strictObject({ type: z.literal('close'), data: z.looseObject({}).optional() }),
]);

/** What a client sends, found sound. */
export type EnvMessage = z.output<typeof envMessage>;

/** An answer; typed arrays in it become lists in JSON and bytes in msgpack. */
export interface EnvAnswer {
  readonly type: 'observation' | 'state' | 'closed';
  readonly data: Readonly<Record<string, unknown>>;
}

type Lanes = Awaited<ReturnType<typeof districtLanes>>;

/**
 * One building of a scenario's district as an environment for controllers elsewhere, in OpenEnv's messages: `reset`, `step`, `state`, `close`.
 * Actions are physical, observations normalised; `terminated` and `truncated` are in the metadata, as OpenEnv has one `done`. With several lanes every
 * field is that of all lanes, one after the other, and a lane that ended has begun anew (its last observation is `final_observation`).
 */
export class RemoteEnv implements Disposable {
  readonly #workspace: Workspace;
  #lanes: Lanes | undefined;
  #made = '';
  #episode = 0;
  #steps = 0;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  async answer(asked: EnvMessage): Promise<EnvAnswer> {
    if (asked.type === 'reset') return this.#reset(asked.data);
    if (asked.type === 'step') return this.#step(asked.data.action);
    if (asked.type === 'close') return { type: 'closed', data: {} };
    return { type: 'state', data: { episode_id: String(this.#episode), step_count: this.#steps } };
  }

  async #reset({
    seed,
    lanes,
    scenario,
  }: {
    readonly seed: number;
    readonly lanes: number;
    readonly scenario: object;
  }): Promise<EnvAnswer> {
    const made = JSON.stringify([lanes, scenario]);
    if (this.#lanes === undefined || made !== this.#made) {
      const fresh = await districtLanes(scenarioFrom(scenario, 'scenario', schema), lanes, this.#workspace);
      this[Symbol.dispose]();
      this.#lanes = fresh;
      this.#made = made;
    }
    const { env } = this.#lanes;
    this.#episode++;
    this.#steps = 0;
    const batch = env.reset(rng(seed));
    const spaces = { observation_space: spaceOf(env.observationSpace), action_space: spaceOf(env.actionSpace) };
    return observed(batch, null, lanes, { ...spaces, lanes, episode_steps: this.#lanes.judge.episodeSteps });
  }

  #step(action: readonly number[] | Uint8Array): EnvAnswer {
    if (this.#lanes === undefined) throw new StateError('nothing to step: send reset first');
    const { env } = this.#lanes;
    const values = valuesOf(action);
    const expected = env.numEnvs * env.actionSpace.features.length;
    if (values.length !== expected || values.some((value) => !Number.isFinite(value)))
      throw new ShapeError(
        `the action has ${values.length} values, expected ${expected} finite ones: ${env.numEnvs} lanes × ${env.actionSpace.features.length}`,
      );
    this.#steps++;
    const batch = env.step(values);
    return observed(batch, batch.reward, env.numEnvs, {});
  }

  [Symbol.dispose](): void {
    this.#lanes?.env[Symbol.dispose]();
    this.#lanes?.judge[Symbol.dispose]();
    this.#lanes = undefined;
  }
}

function observed(batch: StepBatch, reward: Float64Array | null, lanes: number, more: object): EnvAnswer {
  const { terminated, truncated } = batch;
  const ended = reward !== null && (terminated.includes(1) || truncated.includes(1));
  const one = <T>(values: ArrayLike<T>): T | ArrayLike<T> => (lanes === 1 ? values[0]! : values);
  const done = Uint8Array.from(terminated, (value, lane) => value | truncated[lane]!);
  return {
    type: 'observation',
    data: {
      // Copies: the environment's own buffers change with the next step, and the answer may still be on its way.
      observation: Float32Array.from(batch.observation),
      reward: reward === null ? null : one(Float64Array.from(reward)),
      done: reward === null ? false : lanes === 1 ? done[0] === 1 : done,
      metadata: {
        ...more,
        terminated: reward === null ? false : lanes === 1 ? terminated[0] === 1 : Uint8Array.from(terminated),
        truncated: reward === null ? false : lanes === 1 ? truncated[0] === 1 : Uint8Array.from(truncated),
        ...(ended ? { final_observation: Float32Array.from(batch.finalObservation) } : {}),
      },
    },
  };
}

/** Numbers, or the bytes of float32 ones, little-endian. */
function valuesOf(action: readonly number[] | Uint8Array): Float64Array {
  if (!(action instanceof Uint8Array)) return Float64Array.from(action);
  if (action.byteLength % 4 !== 0) throw new ShapeError(`the action has ${action.byteLength} bytes, expected float32`);
  const view = new DataView(action.buffer, action.byteOffset, action.byteLength);
  return Float64Array.from({ length: action.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

function spaceOf({ features }: Box): object {
  return { features: features.map(({ name, unit, low, high }) => ({ name, unit, low, high })) };
}
