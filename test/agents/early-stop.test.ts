import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { earlyStop, stopReason } from '../../agents/early-stop.ts';
import { train } from '../../agents/train.ts';
import type { TrainingEvent, TrainingOptions } from '../../agents/train.ts';
import { ConfigError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import { arbitrageToy, toyEnv } from '../support/toy-env.ts';

const none = earlyStop.parse({});
const returns = fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 20 });

/** Stable-Baselines3's callbacks as they are: state that is carried from evaluation to evaluation. */
function callbacks(rewards: readonly number[], max: number, min: number): number | undefined {
  let lastBest = -Infinity;
  let best = -Infinity;
  let without = 0;
  for (const [index, reward] of rewards.entries()) {
    if (reward > best) best = reward;
    if (index + 1 > min) {
      if (best > lastBest) without = 0;
      else if (++without > max) return index;
    }
    lastBest = best;
  }
  return undefined;
}

describe('stopReason', () => {
  it('ends where StopTrainingOnNoModelImprovement does', () => {
    fc.assert(
      fc.property(returns, fc.nat(5), fc.nat(5), (rewards, max, min) => {
        const stop = { ...none, max_no_improvement_evals: max, min_evals: min };
        const end = rewards.findIndex(
          (_, i) =>
            stopReason(
              rewards.slice(0, i + 1).map((reward) => -reward),
              stop,
            ) !== undefined,
        );
        expect(end === -1 ? undefined : end).toBe(callbacks(rewards, max, min));
      }),
    );
  });

  it('ends at the first return that reaches the threshold', () => {
    fc.assert(
      fc.property(returns, fc.integer({ min: -5, max: 5 }), (rewards, threshold) => {
        const reached = rewards.some((reward) => reward >= threshold);
        const scores = rewards.map((reward) => -reward);
        expect(stopReason(scores, { ...none, reward_threshold: threshold })).toBe(
          reached ? 'reward-threshold' : undefined,
        );
      }),
    );
  });

  it('never ends a training by itself', () => {
    expect(stopReason([3, 3, 3, 4, 5, 6, -1e9], none)).toBeUndefined();
  });
});

describe('a training that stops early', () => {
  const options = (more: Partial<TrainingOptions>): TrainingOptions => ({
    env: toyEnv(arbitrageToy, 4),
    algorithm: 'sac',
    rng: rng(7),
    totalSteps: 128, // SAC hardly begins to learn: it is the stopping that is tested

    evaluateEvery: 16,
    evaluate: () => ({ score: 0, metrics: {} }),
    ...more,
  });
  /** Evaluations that give these returns, one after the other. */
  const scripted = (rewards: readonly number[], from = 0) => {
    let at = from;
    return () => ({ score: -rewards[at++]!, metrics: {} });
  };

  it('says why and where, and keeps its best', () => {
    const rewards = [1, 2, 1, 2, 0, 9, 9, 9];
    using training = train(options({ evaluate: scripted(rewards), stop: { max_no_improvement_evals: 2 } }));
    const events = [...training];
    expect(events.at(-1)).toEqual({ type: 'stopped', step: 80, reason: 'no-improvement' });
    expect(training.stopped).toBe('no-improvement');
    expect(training.bestScore).toBe(-2);
    expect(training.step).toBe(80);
  });

  it('ends at a return that is good enough', () => {
    const rewards = [1, 2, 3, 4, 5, 6, 7, 8];
    using training = train(options({ evaluate: scripted(rewards), stop: { reward_threshold: 3 } }));
    expect([...training].at(-1)).toEqual({ type: 'stopped', step: 48, reason: 'reward-threshold' });
  });

  it('that reaches its last step was not stopped', () => {
    const rewards = [1, 1, 1, 1, 1, 1, 1, 1];
    using training = train(options({ evaluate: scripted(rewards), stop: { max_no_improvement_evals: 6 } }));
    expect([...training].at(-1)!.type).toBe('evaluation');
    expect(training.stopped).toBeUndefined();
    expect(training.step).toBe(128);
  });

  it('counts on after a resume', () => {
    const rewards = [5, 4, 4, 4, 4, 4, 4, 4];
    const stop = { max_no_improvement_evals: 3 };
    using whole = train(options({ evaluate: scripted(rewards), stop }));
    const events = [...whole];
    for (let cut = 1; cut < events.length; cut++) {
      using first = train(options({ evaluate: scripted(rewards), stop }));
      const seen: TrainingEvent[] = [];
      for (const event of first) if (seen.push(event) === cut) break;
      using second = train(
        options({ env: toyEnv(arbitrageToy, 4), evaluate: scripted(rewards, first.curve.length), stop }),
      );
      second.restore(first.save());
      expect([...seen, ...second]).toEqual(events);
    }
    expect(events.at(-1)).toEqual({ type: 'stopped', step: 80, reason: 'no-improvement' });
  });

  it('needs evaluations to look at', () => {
    const { evaluate: _evaluate, ...blind } = options({ stop: {} });
    expect(() => train(blind)).toThrow(ConfigError);
  });
});
