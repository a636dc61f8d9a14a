import { ConfigError, ShapeError, StateError } from '../../core/errors.ts';
import type { KnownPlant } from '../../core/plant.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { damages } from '../plan/damage.ts';
import type { DamageName } from '../plan/damage.ts';
import type { Worth } from './worth.ts';

/** A lane's plant, its state before this step, and what of the two futures is being rolled. */
interface Lane {
  readonly plant: KnownPlant;
  readonly state: Float64Array;
  t: number;
}

/**
 * What one attacked step comes to in the simulator: the damage over the steps ahead where the attack strikes now, less that where it does not, the
 * controller unattacked from the next step on; 2·ahead decisions a row. Damages of the hours before do not count.
 * Source: the critical point of Sun et al. (2020), "Stealthy and Efficient Adversarial Attacks against Deep RL", with the plant itself for the model.
 */
export function plantWorth(name: DamageName, ahead: number): Worth {
  const damage = damages[name];
  let lanes: readonly Lane[] | undefined;
  /** Of row r the futures 2r (as decided) and 2r + 1 (as the attack would have it). */
  let first = new Float64Array(0);
  let out = first;

  function futures(rows: number, victim: GradientAccess): void {
    const size = victim.observationSize;
    const of = Int32Array.from({ length: 2 * rows }, (_, k) => k >> 1);
    const states = lanes!.flatMap(({ state }) => [state.slice(), state.slice()]);
    const action = first.slice(0, 2 * rows);
    const x = new Float32Array(2 * rows * size);
    const total = new Float64Array(2 * rows);
    const steps = Math.min(ahead, Math.max(...lanes!.map(({ plant, t }) => plant.steps - t)));
    for (let h = 0; h < steps; h++) {
      for (let k = 0; k < 2 * rows; k++) {
        const { plant, t } = lanes![k >> 1]!;
        const state = states[k]!;
        if (t + h >= plant.steps) continue;
        const before = plant.net(state, 0);
        plant.advance(t + h, action[k]!, state, 0);
        const net = plant.net(state, 0);
        total[k] = damage.add(total[k]!, net, before, plant.price[t + h]!, plant.carbon[t + h]!);
        if (t + h + 1 < plant.steps) plant.observe(t + h + 1, state, 0, x, k * size);
      }
      if (h + 1 < steps) victim.decide(x, 2 * rows, action, of);
    }
    for (let r = 0; r < rows; r++) out[r] = total[2 * r + 1]! - total[2 * r]!;
  }

  return {
    asks: 2 * ahead,
    weighs: true,
    // oxlint-disable-next-line require-yield -- there is nothing to wait for
    *prepare(rehearsal) {
      if (rehearsal.plants === undefined)
        throw new ConfigError(`timing by '${name}' knows the plant, and there is none behind these rows`);
      lanes = rehearsal.plants().map((plant) => {
        const state = new Float64Array(plant.stateSize);
        plant.start(state, 0);
        return { plant, state, t: 0 };
      });
    },
    of(x, rows, victim, shown) {
      if (lanes === undefined)
        throw new StateError('the plant of a timed attack is not known yet; an attack is prepared first');
      if (rows !== lanes.length)
        throw new ShapeError(`timing by '${name}': ${rows} rows, but the plants of ${lanes.length} lanes are known`);
      if (out.length < rows) {
        first = new Float64Array(2 * rows);
        out = new Float64Array(rows);
      }
      const both = new Float64Array(2 * rows);
      victim.decide(x, rows, both.subarray(0, rows));
      victim.decide(shown, rows, both.subarray(rows));
      for (let k = 0; k < 2 * rows; k++) first[k] = both[(k & 1) * rows + (k >> 1)]!;
      futures(rows, victim);
      return out;
    },
    struck(mark, rows) {
      for (let r = 0; r < rows; r++) {
        const lane = lanes![r]!;
        lane.plant.advance(lane.t, first[2 * r + mark[r]!]!, lane.state, 0);
        lane.t++;
      }
    },
    reset(ended) {
      lanes?.forEach((lane, r) => {
        if (ended[r] !== 1) return;
        lane.plant.start(lane.state, 0);
        lane.t = 0;
      });
    },
    dispose() {},
  };
}
