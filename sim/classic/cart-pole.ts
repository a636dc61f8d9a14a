import type { Kernel } from '../lockstep-env.ts';
import { raw } from './raw-feature.ts';

const gravity = 9.8;
const cartMass = 1;
const poleMass = 0.1;
const totalMass = cartMass + poleMass;
/** Half the pole: from the hinge to its centre of mass. */
const length = 0.5;
const force = 10;
const dt = 0.02;
const positionLimit = 2.4;
const angleLimit = (12 * 2 * Math.PI) / 360;

/**
 * A pole is hinged to a cart on a track without friction; pushed left or right, the cart is to keep it upright.
 *
 * | | |
 * |---|---|
 * | observation [4] | position in ±2.4 m, velocity, angle in ±12°, angular velocity; raw |
 * | action [1] | 0 … 1: pushes right with 10 N from 0.5 on, else left (two bins are Gymnasium's two actions) |
 * | reward | 1 a step, the last one included |
 * | start | all four uniform in ±0.05 |
 * | terminated | when the cart leaves ±2.4 m or the pole ±12° |
 * | truncated | after 500 steps of 0.02 s |
 *
 * `θ̈ = (g sin θ − cos θ · a) / (l (4/3 − m cos²θ / M))`, `ẍ = a − m l θ̈ cos θ / M` with `a = (F + m l θ̇² sin θ) / M`, M being both
 * masses and l half the pole; explicit Euler. A feature's low 0 and high 1 make the normalised observation the raw one.
 *
 * Sources: Barto, Sutton and Anderson (1983), "Neuronlike adaptive elements that can solve difficult learning control problems";
 * `CartPole-v1` of Gymnasium, whose constants and order of operations these are.
 */
export const cartPole: Kernel = {
  features: [raw('position', 'm'), raw('velocity', 'm/s'), raw('angle', 'rad'), raw('angular velocity', 'rad/s')],
  actions: [{ name: 'push', unit: '1', low: 0, high: 1 }],
  state: [
    { name: 'position', unit: 'm' },
    { name: 'velocity', unit: 'm/s' },
    { name: 'angle', unit: 'rad' },
    { name: 'angular velocity', unit: 'rad/s' },
  ],
  horizon: 500,
  init(state, rng) {
    for (let i = 0; i < 4; i++) state[i] = -0.05 + 0.1 * rng.uniform();
  },
  observe(state, out) {
    out.set(state);
  },
  advance(state, action) {
    const velocity = state[1]!;
    const angle = state[2]!;
    const angularVelocity = state[3]!;
    const cos = Math.cos(angle);
    const sin = Math.sin(angle);
    const push = action[0]! >= 0.5 ? force : -force;
    const shared = (push + poleMass * length * angularVelocity ** 2 * sin) / totalMass;
    const angularAcceleration = (gravity * sin - cos * shared) / (length * (4 / 3 - (poleMass * cos ** 2) / totalMass));
    const acceleration = shared - (poleMass * length * angularAcceleration * cos) / totalMass;
    state[0]! += dt * velocity;
    state[1] = velocity + dt * acceleration;
    state[2] = angle + dt * angularVelocity;
    state[3] = angularVelocity + dt * angularAcceleration;
    return 1;
  },
  terminal: (state) => Math.abs(state[0]!) > positionLimit || Math.abs(state[2]!) > angleLimit,
};
