import { z } from 'zod';
import type { AttackContext, ThreatModel } from '../core/attack.ts';
import type { GradientAccess } from '../core/victim.ts';
import type { Ball } from './ball/ball.ts';
import { threatSet } from './ball/threat-set.ts';
import { decided } from './decided.ts';
import { define } from './define.ts';
import { fgsm } from './fgsm.ts';
import { iterated } from './iterated.ts';
import { bifurcation, pgd, toggleBifurcation } from './pgd.ts';

const inner = {
  pgd,
  fgsm,
  ...iterated,
  bifurcation,
  'toggle-bifurcation': toggleBifurcation,
};

/**
 * The smallest share of the epsilons with which another attack succeeds, for each row, by bisection over a list of shares; the clean
 * observation where none does. Success is another decision, on a continuous head another side of zero.
 */
export const minEpsilon = define(
  'Smallest epsilon of another attack',
  'The dynamic attacks of arXiv 2407.05182',
  z.strictObject({
    attack: z
      .enum(Object.keys(inner) as [keyof typeof inner, ...(keyof typeof inner)[]])
      .default('apgd')
      .meta({ title: 'Attack', description: 'What is run at each share.' }),
    config: z.record(z.string(), z.json()).default({}).meta({ title: 'Options', description: 'Of that attack.' }),
    shares: z.array(z.number().positive().max(1)).min(1).optional().meta({
      title: 'Shares',
      description: 'Of the epsilons that are tried; empty: the 32 steps from 1/32 to 1.',
    }),
  }),
  ({ attack: name, config, shares }) => {
    const attack = inner[name].make(config);
    if (attack.access !== 'gradient') throw new TypeError(name); // all of the list above are
    const list = shares?.toSorted((a, b) => a - b) ?? Array.from({ length: 32 }, (_, i) => (i + 1) / 32);
    let sets: { readonly of: ThreatModel; readonly threats: readonly ThreatModel[]; readonly balls: readonly Ball[] };
    return {
      stage: 'observation',
      access: 'gradient',
      check: (head) => attack.check?.(head),
      dispose: () => attack.dispose?.(),
      notes: (head) => attack.notes?.(head) ?? [],
      ...(attack.policies === undefined ? {} : { policies: attack.policies }),
      ...(attack.prepare === undefined ? {} : { prepare: (rehearsal) => attack.prepare!(rehearsal) }),
      perturb(x, rows, victim, context, out) {
        if (sets?.of !== context.threat) {
          const threats = list.map((share) => narrowed(context.threat, share));
          sets = { of: context.threat, threats, balls: threats.map(threatSet) };
        }
        out.set(x);
        const clean = new Float64Array(rows * victim.actionSize);
        victim.decide(x, rows, clean);
        /** Tries the shares from `low` to `high` on rows that all got here. */
        const bisect = (of: Int32Array, low: number, high: number): void => {
          if (of.length === 0 || low > high) return;
          const middle = (low + high) >> 1;
          const found = attempt(of, middle);
          bisect(
            of.filter((_, r) => found[r] === 1),
            low,
            middle - 1,
          );
          bisect(
            of.filter((_, r) => found[r] === 0),
            middle + 1,
            high,
          );
        };
        const attempt = (of: Int32Array, share: number): Uint8Array => {
          const size = victim.observationSize;
          const own = new Float32Array(of.length * size);
          of.forEach((row, r) => own.set(x.subarray(row * size, (row + 1) * size), r * size));
          const proposal = new Float32Array(own.length);
          const set = sets.balls[share]!;
          set.around(own, of.length, sets.threats[share]!);
          attack.perturb(
            own,
            of.length,
            partOf(victim, of),
            contextFor(context, of, set, sets.threats[share]!),
            proposal,
          );
          context.set.project(proposal, of.length, of);
          const action = new Float64Array(of.length * victim.actionSize);
          victim.decide(proposal, of.length, action, of);
          return Uint8Array.from(of, (row, r) => {
            if (!decided(victim.head, clean, row, action, r)) return 0;
            out.set(proposal.subarray(r * size, (r + 1) * size), row * size);
            return 1;
          });
        };
        bisect(
          Int32Array.from({ length: rows }, (_, r) => r),
          0,
          list.length - 1,
        );
      },
    };
  },
);

function narrowed(threat: ThreatModel, share: number): ThreatModel {
  return { ...threat, epsilon: threat.epsilon.map((value) => value * share) };
}

function contextFor(context: AttackContext, of: Int32Array, set: Ball, threat: ThreatModel): AttackContext {
  return {
    ...context,
    of: context.of === undefined ? of : of.map((row) => context.of![row]!),
    set,
    threat,
    rngs: Array.from(of, (row) => context.rngs[row]!),
  };
}

/** A victim that some rows of a batch ask, each still paying for itself. */
function partOf(victim: GradientAccess, rows: Int32Array): GradientAccess {
  const through = (count: number, of: Int32Array | undefined): Int32Array =>
    of === undefined ? rows : Int32Array.from({ length: count }, (_, r) => rows[of[r]!]!);
  return {
    ...victim,
    decide: (x, count, action, of) => victim.decide(x, count, action, through(count, of)),
    logits: (x, count, out, of) => victim.logits(x, count, out, through(count, of)),
    valueAndGradient: (objective, x, count, value, gradient, of) =>
      victim.valueAndGradient(objective, x, count, value, gradient, through(count, of)),
  };
}
