import type { Kernel } from '../lockstep-env.ts';
import { raw } from './raw-feature.ts';

const gravity = 10;
const mass = 1;
const length = 1;
const dt = 0.05;
const maxSpeed = 8;
const maxTorque = 2;

/**
 * A rod hangs from its pivot and is to be swung up and held upright with a torque that is too weak to lift it in one go.
 *
 * | | |
 * |---|---|
 * | observation [3] | cos θ, sin θ, θ̇ with θ = 0 upright; raw |
 * | action [1] | torque, clipped to ±2 N m |
 * | reward | `−(θ² + 0.1 θ̇² + 0.001 u²)` with θ in [−π, π), before the step: −16.27 at worst, 0 at best |
 * | start | θ uniform in ±π, θ̇ in ±1 |
 * | terminated | never |
 * | truncated | after 200 steps of 0.05 s |
 *
 * `θ̇ ← clip(θ̇ + (3g / 2l · sin θ + 3u / ml²) dt, ±8)`, then `θ ← θ + θ̇ dt` (semi-implicit Euler). A feature's low 0 and high 1 make
 * the normalised observation the raw one.
 *
 * Source: `Pendulum-v1` of Gymnasium, whose constants and order of operations these are (its torque is rounded to float32, ours is not).
 */
export const pendulum: Kernel = {
  features: [raw('cos angle', '1'), raw('sin angle', '1'), raw('angular velocity', 'rad/s')],
  actions: [{ name: 'torque', unit: 'N m', low: -maxTorque, high: maxTorque }],
  state: [
    { name: 'angle', unit: 'rad' },
    { name: 'angular velocity', unit: 'rad/s' },
  ],
  horizon: 200,
  init(state, rng) {
    state[0] = Math.PI * (2 * rng.uniform() - 1);
    state[1] = 2 * rng.uniform() - 1;
  },
  observe(state, out) {
    out[0] = Math.cos(state[0]!);
    out[1] = Math.sin(state[0]!);
    out[2] = state[1]!;
  },
  advance(state, action) {
    const angle = state[0]!;
    const speed = state[1]!;
    const torque = Math.min(maxTorque, Math.max(-maxTorque, action[0]!));
    const cost = wrapped(angle) ** 2 + 0.1 * speed ** 2 + 0.001 * torque ** 2;
    const pull = ((3 * gravity) / (2 * length)) * Math.sin(angle) + (3 / (mass * length ** 2)) * torque;
    const next = Math.min(maxSpeed, Math.max(-maxSpeed, speed + pull * dt));
    state[0] = angle + next * dt;
    state[1] = next;
    return -cost;
  },
};

/** The same angle in [−π, π). */
function wrapped(angle: number): number {
  const turn = 2 * Math.PI;
  const rest = (angle + Math.PI) % turn;
  return (rest < 0 ? rest + turn : rest) - Math.PI;
}
