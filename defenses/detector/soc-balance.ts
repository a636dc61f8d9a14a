import { z } from 'zod';
import type { CleanSteps, Detector } from '../../core/detector.ts';
import { ConfigError } from '../../core/errors.ts';
import { define } from './define.ts';
import { observed } from './observed.ts';
import { piecewiseLinear } from './piecewise-linear.ts';
import type { PiecewiseLinear } from './piecewise-linear.ts';

const name = 'soc-balance';
const config = z.strictObject({
  action: z.int().min(0).default(0).meta({
    title: 'Action',
    description: 'Which of the controller’s actions charges the battery, counted from 0.',
  }),
});
const bins = 64;
/** Kinds of state of charge in which a battery may not do all that it is asked. */
const states = 60;

/** What a battery does: a change for each action, between the least and the greatest that its state of charge has been seen to allow. */
interface BatteryModel {
  readonly asked: PiecewiseLinear;
  readonly least: Float64Array;
  readonly most: Float64Array;
}

function learnBattery(
  { observation, action, actionSize, learn, steps }: CleanSteps,
  size: number,
  soc: number,
  own: number,
): BatteryModel {
  const least = new Float64Array(states).fill(Number.POSITIVE_INFINITY);
  const most = new Float64Array(states).fill(Number.NEGATIVE_INFINITY);
  const asks: number[] = [];
  const changes: number[] = [];
  for (let t = 1; t < steps; t++) {
    if (learn[t] === 0) continue;
    const before = observation[(t - 1) * size + soc]!;
    const after = observation[t * size + soc]!;
    const state = stateOf(before);
    least[state] = Math.min(least[state]!, after - before);
    most[state] = Math.max(most[state]!, after - before);
    if (limited(before, after)) continue;
    asks.push(action[(t - 1) * actionSize + own]!);
    changes.push(after - before);
  }
  if (asks.length === 0)
    throw new ConfigError(`detector '${name}': the battery never did what it was asked on clean rows`);
  return { asked: piecewiseLinear(asks, changes, bins), least, most };
}

/** A battery that is full has less power, one that would end full or empty may not do all that it is asked. */
function limited(before: number, after: number): boolean {
  return before > 0.78 || after > 0.95 || after < 0.2 * before + 0.01;
}

/** Narrower kinds towards full, where a battery's power falls steeply. */
function stateOf(soc: number): number {
  return Math.min(states - 1, Math.floor(states * (1 - Math.sqrt(Math.min(1, Math.max(0, 1 - soc))))));
}

/**
 * The state of charge that is reported against the one that should follow from the last report and from what the controller did:
 * `|soc_t − soc_{t−1} − Δ(a_{t−1}, soc_{t−1})|`, normalised units. Δ is learnt from clean rows. Source: specs/bifurcation.md 6, number 19.
 */
export const socBalance = define(
  'State of charge against the controller’s own actions',
  'specs/attacks-and-defenses.md 2.16',
  config,
  ({ action: own }): Detector => ({
    fit(clean) {
      const size = clean.features.length;
      const soc = observed(clean.features, 'electrical_storage_soc', name);
      if (own >= clean.actionSize)
        throw new ConfigError(`detector '${name}': action ${own} of a controller that has ${clean.actionSize}, from 0`);
      const { asked, least, most } = learnBattery(clean, size, soc, own);
      return {
        watch() {
          let expected = Number.NaN;
          return {
            score(x, at, gradient, gradientAt = 0) {
              gradient?.fill(0, gradientAt, gradientAt + size);
              if (Number.isNaN(expected)) return 0;
              const rest = x[at + soc]! - expected;
              if (gradient !== undefined) gradient[gradientAt + soc] = Math.sign(rest);
              return Math.abs(rest);
            },
            push(x, at, action, actionAt) {
              const now = x[at + soc]!;
              const state = stateOf(now);
              const change = asked.at(action[actionAt + own]!);
              // A state never seen allows whatever is asked, between empty and full.
              const free = !limited(now, now + change) || !Number.isFinite(least[state]);
              const held = free ? change : Math.min(most[state]!, Math.max(least[state]!, change));
              expected = Math.min(1, Math.max(0, now + held));
            },
          };
        },
      };
    },
  }),
);
