import { describe, expect, it } from 'vitest';
import type { Alternation } from '../../agents/alternation.ts';
import { train } from '../../agents/train.ts';
import { rng } from '../../core/rng.ts';
import type { DecisionAccess } from '../../core/victim.ts';
import { perturbedEnv } from '../../evaluation/adversary-env.ts';
import { atla } from '../../evaluation/atla.ts';
import { playEpisodes } from '../../evaluation/episodes.ts';
import { lockstepEnv } from '../../sim/lockstep-env.ts';
import type { Kernel } from '../../sim/lockstep-env.ts';
import { threatOf } from '../support/threat.ts';

/**
 * Say the number s that is shown, −1 to 1: loudly in a feature that an adversary may move by half of its range, quietly in one that it may
 * not. Whoever listens to the quiet one alone loses nothing to any adversary: the best attacked return is 0.
 */
const twoVoices: Kernel = {
  features: ['loud', 'quiet'].map((name) => ({ name, unit: '1', low: 0, high: 1 })),
  actions: [{ name: 'said', unit: '1', low: -1, high: 1 }],
  state: [{ name: 's', unit: '1' }],
  horizon: 8,
  init(state, stream) {
    state[0] = 2 * stream.uniform() - 1;
  },
  observe(state, out) {
    out[0] = (state[0]! + 1) / 2;
    out[1] = 0.5 + 0.25 * state[0]!;
  },
  advance(state, action, stream) {
    const reward = -((action[0]! - state[0]!) ** 2);
    state[0] = 2 * stream.uniform() - 1;
    return reward;
  },
};
const threat = threatOf([0.5, 0]);
const ppo = { n_steps: 64, batch_size: 64, n_epochs: 6, learning_rate: 3e-3, net_arch: [16], gamma: 0 };
const env = (lanes = 8) => lockstepEnv(twoVoices, lanes);
const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const played = (policy: DecisionAccess): number => meanOf(playEpisodes(env(200), policy, rng(9)).returns);
const attacked = (policy: DecisionAccess, adversary: DecisionAccess): number =>
  meanOf(playEpisodes(perturbedEnv({ env: env(200), adversary, threat }), policy, rng(9)).returns);

function alternation(cycles: number, steps: number): Alternation {
  return atla({
    victim: { env: env(), algorithm: 'ppo', config: ppo, steps },
    adversary: { env: env(), algorithm: 'ppo', config: ppo, steps },
    threat,
    cycles,
    rng: rng(4),
    judge: (victim, adversary) => ({
      score: -attacked(victim, adversary),
      metrics: { return: played(victim), attacked_return: attacked(victim, adversary) },
    }),
  });
}

/** The return under the worst of constant shifts of the loud voice, an adversary that no training chose. */
function worstCase(policy: DecisionAccess): number {
  const shifts = Array.from({ length: 9 }, (_, i) => -1 + i / 4);
  const adversaries = shifts.map((shift): DecisionAccess => ({
    observationSize: 2,
    actionSize: 1,
    decide: (_x, rows, action) => action.fill(shift, 0, rows),
  }));
  return Math.min(...adversaries.map((adversary) => attacked(policy, adversary)));
}

describe('ATLA', () => {
  it('teaches a victim to listen to what cannot be attacked', () => {
    using plain = train({ env: env(), algorithm: 'ppo', config: ppo, rng: rng(4), totalSteps: 40_960 });
    for (const _ of plain);
    using robust = alternation(10, 40_960);
    for (const _ of robust);
    expect(played(plain.learner.policy)).toBeGreaterThan(-0.2);
    expect(worstCase(plain.learner.policy)).toBeLessThan(-1);
    expect(worstCase(robust.learner.policy)).toBeGreaterThan(-0.1);
    expect(played(robust.learner.policy)).toBeGreaterThan(-0.1);
    expect(robust.curve).toHaveLength(10);
    for (const { metrics } of robust.curve) expect(Object.keys(metrics)).toEqual(['return', 'attacked_return']);
  });

  it('resumed at any event ends in the bits of one that never stopped, and its adversary goes on learning', () => {
    using whole = alternation(3, 6144);
    const saved: Uint8Array[] = [];
    for (const _ of whole) saved.push(whole.save());
    for (const at of [0, Math.floor(saved.length / 2), saved.length - 2]) {
      using resumed = alternation(3, 6144);
      resumed.restore(saved[at]!);
      const before = resumed.opponent.policy.parameters();
      const learnt = resumed.opponent.gradientSteps;
      for (const _ of resumed);
      expect(resumed.learner.policy.parameters()).toEqual(whole.learner.policy.parameters());
      expect(resumed.opponent.policy.parameters()).toEqual(whole.opponent.policy.parameters());
      expect(resumed.curve).toEqual(whole.curve);
      expect(resumed.bestPolicy).toEqual(whole.bestPolicy);
      if (at === saved.length - 2) continue; // its adversary was done
      expect(resumed.opponent.gradientSteps).toBeGreaterThan(learnt);
      expect(resumed.opponent.policy.parameters()).not.toEqual(before);
    }
  });

  it('ends early on what its attacked evaluations say', () => {
    using training = atla({
      victim: { env: env(), algorithm: 'ppo', config: ppo, steps: 8192 },
      adversary: { env: env(), algorithm: 'ppo', config: ppo, steps: 8192 },
      threat,
      cycles: 8,
      rng: rng(4),
      judge: () => ({ score: 1, metrics: {} }),
      stop: { max_no_improvement_evals: 1 },
    });
    const last = [...training].at(-1)!;
    expect(last.type).toBe('stopped');
    expect(training.curve.map((point) => point.step)).toEqual([2048, 4096, 6144]); // no turn ran on into the next
  });
});
