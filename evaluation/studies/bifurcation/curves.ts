import type { CleanSteps } from '../../../core/detector.ts';
import { rng } from '../../../core/rng.ts';
import type { Feature } from '../../../core/space.ts';
import type { TelemetryFrame, TelemetrySchema } from '../../../core/telemetry.ts';
import { detectors } from '../../../defenses/detector/index.ts';
import { daysFor } from '../../../core/detector-days.ts';
import { powerAgainstBudget } from '../../stealth/power.ts';
import type { PowerPoint, ShownSteps } from '../../stealth/power.ts';
import type { StudyTelemetry } from '../study.ts';
import type { PanelEntry } from './panel.ts';
import { column, shown } from './stealth.ts';

/** Recorded days that the imitators of the transfer curve learn from. */
export const recordedDays = [3, 7, 14, 30, 90, 364] as const;

const towards = { objective: 'grouped-margin', target: 'toggle' } as const;
export const whiteBox = 'white box 10%';
export const snooped = (count: number): string => `snooping 10%, ${count} days`;

/** The paper's one-step attack on the victim itself, and by way of imitators of longer and longer recordings. */
export const transferEntries: readonly PanelEntry[] = [
  { label: whiteBox, purpose: 'untargeted', origin: 'repaired', budget: '10%', attack: 'fgsm', config: towards },
  ...recordedDays.map((count): PanelEntry => ({
    label: snooped(count),
    purpose: 'snooping',
    origin: 'repaired',
    budget: '10%',
    attack: 'snooping',
    config: { days: count, inner: { name: 'fgsm', config: towards } },
  })),
];

/** Budgets of the power curve, all features but the calendar. */
const budgets = {
  0.01: '1%-mask-time',
  0.02: '2%-mask-time',
  0.03: '3%-mask-time',
  0.05: '5%-mask-time',
  0.1: '10%-mask-time',
} as const;
const epsilons = [0.01, 0.02, 0.03, 0.05, 0.1] as const;

const unattacked = 'unattacked';
const bifurcated = (epsilon: number): string => `bifurcated ${epsilon}`;

/** Bifurcation on one budget after the other, and nothing at all, which is what the detectors learn from. */
export const powerEntries: readonly PanelEntry[] = [
  { label: unattacked, purpose: 'noise', origin: 'repaired', budget: '5%', attack: 'none' },
  ...epsilons.map((epsilon): PanelEntry => ({
    label: bifurcated(epsilon),
    purpose: 'bifurcated',
    origin: 'repaired',
    budget: budgets[epsilon],
    attack: 'bifurcation',
  })),
];

/**
 * How often every detector, and every two-sample test, notices bifurcation on each budget, at 5 % false alarms.
 * @returns yields the share done
 */
export function powerCurve(
  building: string,
  { schema, frames, features }: StudyTelemetry,
  permutations: number,
  among: readonly number[] = epsilons,
): Generator<number, readonly PowerPoint[], void> {
  const of = (label: string): ShownSteps => ({
    observation: shown(`${building}/${label}`, 'reported', schema, frames, features),
    action: actionsOf(`${building}/${label}`, schema, frames),
  });
  const names = Object.keys(detectors) as (keyof typeof detectors)[];
  return powerAgainstBudget({
    clean: cleanSteps(of(unattacked), features, schema.dt),
    epsilons: among,
    shown: (epsilon) => of(bifurcated(epsilon)),
    detectors: names.map((name) => ({ name, config: {} })),
    permutations,
    rng: rng(0).split('power'),
  });
}

function cleanSteps(steps: ShownSteps, features: readonly Feature[], dt: number): CleanSteps {
  const count = steps.observation.length / features.length;
  const stepsPerDay = Math.round(86_400 / dt);
  const learn = new Uint8Array(count);
  for (const day of daysFor('learn', Math.floor(count / stepsPerDay)))
    learn.fill(1, day * stepsPerDay, (day + 1) * stepsPerDay);
  return { ...steps, features, actionSize: steps.action.length / count, stepsPerDay, steps: count, learn };
}

/** [T×A] what a lane's controller did. */
function actionsOf(lane: string, schema: TelemetrySchema, frames: readonly TelemetryFrame[]): Float64Array {
  const channels = schema.channels.flatMap((channel, c) =>
    channel.lane === lane && (channel.signal === 'action' || channel.signal?.startsWith('action.') === true) ? [c] : [],
  );
  const steps = frames.reduce((sum, frame) => sum + frame.rows, 0);
  const out = new Float64Array(steps * channels.length);
  channels.forEach((channel, k) => {
    let t = 0;
    for (const value of column(channel, frames)) out[t++ * channels.length + k] = value;
  });
  return out;
}
