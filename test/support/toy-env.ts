import type { Feature } from '../../core/space.ts';
import { lockstepEnv } from '../../sim/lockstep-env.ts';
import type { Kernel, LockstepEnv } from '../../sim/lockstep-env.ts';

/** One lane's dynamics of a toy whose optimum is known. */
export interface Toy extends Omit<Kernel, 'state'> {
  /** Length of a lane's state. */
  readonly size: number;
}

/** Any toy as a `VectorEnv` of N lanes, with snapshots. */
export function toyEnv(toy: Toy, numEnvs: number): LockstepEnv {
  const state = Array.from({ length: toy.size }, (_, i) => ({ name: `state ${i}`, unit: '1' }));
  return lockstepEnv({ ...toy, state }, numEnvs);
}

const unit = (name: string): Feature => ({ name, unit: '1', low: 0, high: 1 });

/**
 * A continuous bandit of one step: reward `−(a₀ − 2x)² − (a₁ + x)²`, actions in [−2, 4] and [−3, 1], x uniform in [0, 1].
 * The optimum is `a = (2x, −x)` with reward 0.
 */
export const banditToy: Toy = {
  features: [unit('x')],
  actions: [
    { name: 'a0', unit: '1', low: -2, high: 4 },
    { name: 'a1', unit: '1', low: -3, high: 1 },
  ],
  size: 2,
  horizon: 1,
  init: (state, rng) => {
    state[0] = rng.uniform();
    state[1] = 0;
  },
  observe: (state, out) => {
    out[0] = state[0]!;
  },
  advance: (state, action) => {
    state[1] = 1;
    return -((action[0]! - 2 * state[0]!) ** 2) - (action[1]! + state[0]!) ** 2;
  },
  terminal: (state) => state[1] === 1,
};

/** Price of the even and the odd period, in money per unit. */
export const arbitragePrices = [0.2, 1] as const;

/**
 * Arbitrage with a battery of one unit over two periods that alternate: each step it may move up to half a unit, buying at
 * the price of the period and selling at it less 10 %. State: period, charge. The clock ends an episode after 8 steps.
 */
export const arbitrageToy: Toy = {
  features: [unit('period'), unit('charge')],
  actions: [{ name: 'move', unit: 'unit', low: -0.5, high: 0.5 }],
  size: 2,
  horizon: 8,
  init: (state) => {
    state[0] = 0;
    state[1] = 0;
  },
  observe: (state, out) => {
    out[0] = state[0]!;
    out[1] = state[1]!;
  },
  advance: (state, action) => {
    const [charge, reward] = arbitrageStep(state[0]!, state[1]!, action[0]!);
    state[0] = 1 - state[0]!;
    state[1] = charge;
    return reward;
  },
};

function arbitrageStep(period: number, charge: number, wanted: number): readonly [charge: number, reward: number] {
  const next = Math.min(1, Math.max(0, charge + wanted));
  const moved = next - charge;
  const price = arbitragePrices[period === 0 ? 0 : 1];
  return [next, moved > 0 ? -price * moved : -0.9 * price * moved];
}

/** The best return of an episode over moves of a quarter unit, by dynamic programming over its 8 steps. */
export function arbitrageOptimum(): number {
  const levels = [0, 0.25, 0.5, 0.75, 1];
  let value = levels.map(() => 0);
  for (let step = arbitrageToy.horizon - 1; step >= 0; step--) {
    const later = value;
    value = levels.map((charge) =>
      Math.max(
        ...[-0.5, -0.25, 0, 0.25, 0.5].map((move) => {
          const [next, reward] = arbitrageStep(step % 2, charge, move);
          return reward + later[Math.round(next * 4)]!;
        }),
      ),
    );
  }
  return value[0]!;
}
