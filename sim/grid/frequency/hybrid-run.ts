import type { StepMethod, VectorField } from './runge-kutta.ts';

/**
 * A differential equation that is smooth as long as nothing happens. What happens by itself is a guard that falls below 0; what happens at a known time is due.
 * `rates` must not change its form between events: a step that runs past one is cut there, and is smooth until it.
 */
export interface HybridSystem extends VectorField {
  readonly guards: number;
  /** [guards], each at least 0 as long as nothing happens; Infinity for those that are off. */
  guardsAt(t: number, x: Float64Array, out: Float64Array): void;
  /** A guard is below 0: changes the form of the equation, and maybe the state, so that it no longer is. */
  cross(guard: number, t: number, x: Float64Array): void;
  /** When something happens next that is known beforehand, s; at or before t: now. */
  due(t: number): number;
  /** Whatever is due at t. */
  happen(t: number, x: Float64Array): void;
  /** A step was taken to t + θ h. @param within the method that made it */
  taken(t: number, h: number, theta: number, x: Float64Array, within: StepMethod): void;
  /** Ends the run. */
  readonly over: boolean;
}

/** How a run ended: at its time; because the system said so; because events followed on each other with hardly any time between; because steps got too short. */
export type HybridEnd = 'time' | 'over' | 'chatter' | 'step';

/** s to which events are located */
export const exactTime = 1e-9;
/** So many events within so many s are a cycle without end. */
const mostEvents = 1000;
const moment = 1e-5;
/** s, below which no step is tried */
const leastStep = 1e-11;

/**
 * Integrates until a time, from event to event: a step within which a guard falls below 0 is cut where it does, located by bisection on the states within the step to 1e-9 s.
 * @param x [n] the state, in place  @param maxStep s: the length of a step, where the method has no control of its error
 * Source: Hairer, Nørsett and Wanner, II.4 (control of steps), II.6 (events)
 */
export function runHybrid(
  system: HybridSystem,
  x: Float64Array,
  { from = 0, until, maxStep, method }: { from?: number; until: number; maxStep: number; method: StepMethod },
): HybridEnd {
  const guards = new Float64Array(system.guards);
  const trial = new Float64Array(system.n);
  let t = from;
  let h = method.controlled ? Math.min(maxStep, 1e-3) : maxStep;
  const fires = (theta: number, length: number): boolean => {
    method.at(theta, trial);
    system.guardsAt(t + theta * length, trial, guards);
    return guards.some((guard) => guard < 0);
  };
  /** Lets happen what is due and what has crossed at t. @returns false for a cycle */
  let [count, since] = [0, t];
  const settle = (): boolean => {
    if (t > since + moment) [count, since] = [0, t];
    for (; count < mostEvents; count++) {
      if (system.due(t) <= t + leastStep) {
        system.happen(t, x);
        continue;
      }
      system.guardsAt(t, x, guards);
      const crossed = guards.findIndex((guard) => guard < 0);
      if (crossed < 0) return true;
      system.cross(crossed, t, x);
    }
    return false;
  };
  for (;;) {
    if (!settle()) return 'chatter';
    if (system.over) return 'over';
    if (t >= until - leastStep) return 'time';
    const room = Math.min(system.due(t), until) - t;
    // A last step that is longer by rounding is no second step.
    let length = Math.min(h, maxStep);
    const last = room <= length * (1 + 1e-9);
    if (last) length = room;
    const error = method.step(system, t, x, length);
    if (!(error <= 1)) {
      h = length * (Number.isFinite(error) ? Math.max(0.2, 0.9 * error ** (-1 / method.order)) : 0.2);
      if (h < leastStep) return 'step';
      continue;
    }
    let theta = 1;
    for (let look = 1, low = 0; look <= method.looks + 1; look++) {
      const high = look / (method.looks + 1);
      if (fires(high, length)) {
        theta = firing(low, high, (at) => fires(at, length), exactTime / length);
        break;
      }
      low = high;
    }
    if (theta === 1) x.set(trial);
    else method.at(theta, x);
    system.taken(t, length, theta, x, method);
    t = last && theta === 1 ? t + room : t + theta * length;
    if (method.controlled && !(last && theta === 1 && length < h / 2))
      h = Math.min(maxStep, length * Math.min(5, 0.9 * Math.max(error, 1e-10) ** (-1 / method.order)));
  }
}

/** The least θ at which something fires, from its far side. */
function firing(from: number, to: number, fires: (theta: number) => boolean, exact: number): number {
  let [low, high] = [from, to];
  while (high - low > exact) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (fires(middle)) high = middle;
    else low = middle;
  }
  return high;
}
