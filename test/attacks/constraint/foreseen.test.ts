import { describe, expect, it } from 'vitest';
import { attackEngine } from '../../../attacks/engine.ts';
import type { ConstraintSpec, ForeseenSets, LaneMemory, ObservationAttack } from '../../../core/attack.ts';
import type { PlantModel } from '../../../core/plant-model.ts';
import { rng } from '../../../core/rng.ts';
import { smallFeatures, smallPlant } from '../../support/constraint.ts';
import { randomNetwork, referenceVictim } from '../../support/reference-victim.ts';
import { threatOf } from '../../support/threat.ts';

const size = smallFeatures.length;
const rows = 3;
const victim = referenceVictim(randomNetwork(rng(1), [size, 6, 1]), { kind: 'gaussian', low: [-0.3], high: [0.3] });

/** A battery that holds less after every step. */
const fadingPlant: PlantModel = {
  ...smallPlant,
  battery: () => {
    let capacity = 1;
    let soc = 0;
    let energy = 0;
    return {
      follow(from, actions, first) {
        soc = Math.min(capacity, Math.max(0, from + actions[first]!));
        energy = 10 * (soc - from);
      },
      get soc() {
        return soc;
      },
      get energy() {
        return energy;
      },
      keep: () => void (capacity *= 0.9),
      save: () => Float64Array.of(capacity),
      load: ([kept]) => void (capacity = kept!),
      reset: () => void (capacity = 1),
    };
  },
};

const lists: readonly (readonly ConstraintSpec[])[] = [
  [{ name: 'rate', limits: { non_shiftable_load: 0.2, solar_generation: 0.1 } }],
  [{ name: 'soc', tolerance: 0.001 }, { name: 'energy' }],
  [{ name: 'forecast' }],
  [{ name: 'budget', steps: 2, of: 5, cooldown: 1, distortion: 0.6 }],
  [{ name: 'physical' }, { name: 'budget', steps: 6, of: 9 }],
];

const ends = (set: { bounds(low: Float32Array, high: Float32Array): void }): number[] => {
  const low = new Float32Array(rows * size);
  const high = new Float32Array(rows * size);
  set.bounds(low, high);
  return [...low, ...high];
};

describe.each(lists.map((list) => [list.map(({ name }) => name).join(' and '), list] as const))(
  'sets that are foreseen within %s',
  (_names, constraints) => {
    it('are those of the engine: from its memory, and from what was foreseen a step before', () => {
      const threat = { ...threatOf(smallFeatures.map(() => 0.1)), constraints };
      const stream = rng(5);
      const order = [2, 0, 1]; // rows that are foreseen need not be the engine's
      let ahead: ForeseenSets | undefined;
      let before: LaneMemory[] = [];
      const last = { x: new Float32Array(0), shown: new Float32Array(0), action: new Float64Array(0) };
      let compared = 0;
      const attack: ObservationAttack<'none'> = {
        stage: 'observation',
        access: 'none',
        perturb(x, _rows, _victim, { foresee, set }, out) {
          const exact = ends(set);
          const sets = foresee!();
          const now = order.map((row) => sets.memory(row));
          const shuffled = <Numbers extends Float32Array | Float64Array>(values: Numbers): Numbers => {
            const each = values.length / rows;
            return Float64Array.from(
              values,
              (_, i) => values[order[Math.floor(i / each)]! * each + (i % each)]!,
            ) as Numbers;
          };
          const mine = (values: ArrayLike<number>): Float32Array => Float32Array.from(values);
          const wanted = [
            ...shuffled(Float64Array.from(exact.slice(0, rows * size))),
            ...shuffled(Float64Array.from(exact.slice(rows * size))),
          ];
          sets.around(mine(shuffled(x)), now);
          expect(ends(sets)).toEqual(wanted);
          if (ahead !== undefined) {
            ahead.around(mine(shuffled(last.x)), before);
            const after = ahead.settle(mine(shuffled(last.shown)), Float64Array.from(shuffled(last.action)));
            ahead.around(mine(shuffled(x)), after);
            expect(ends(ahead)).toEqual(wanted);
            compared++;
          }
          ahead = sets;
          before = now;
          last.x = x.slice();
          for (let i = 0; i < out.length; i++)
            out[i] = x[i]! + (stream.uniform() < 0.5 ? 0.3 * (stream.uniform() - 0.5) : 0);
        },
      };
      const engine = attackEngine({ attack, threat, victim, features: smallFeatures, plant: fadingPlant });
      const out = new Float32Array(rows * size);
      for (let t = 0; t < 14; t++) {
        const x = Float32Array.from({ length: rows * size }, (_, i) => 0.5 + 0.3 * Math.sin(0.4 * t + 2 * i));
        engine.perturb(x, rows, t, [rng(0), rng(1), rng(2)], out);
        last.shown = out.slice();
        last.action = engine.verdict.action.slice();
      }
      expect(compared).toBe(13);
    });
  },
);
