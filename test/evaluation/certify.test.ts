import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../core/errors.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { certify } from '../../evaluation/certify.ts';
import type { Certification, CertifyRequest } from '../../evaluation/certify.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { memoryWorkspace } from '../support/memory-workspace.ts';

const cells = { soc: 40, net: 1, certified: { soc: 2, net: 1 } };

async function certified(policy: string, threat: object, more: Partial<CertifyRequest> = {}): Promise<Certification> {
  const scenario = scenarioFrom({ victim: { policy }, attacks: [{ name: 'planned', threat }] }, 'test', schema);
  const work = certify(
    { scenario, from: 40, horizon: 8, damage: 'consumption', method: 'crown', cells, ...more },
    memoryWorkspace(),
  );
  for (let last = 0; ;) {
    const { done, value } = await work.next();
    if (done === true) return value;
    expect(value).toBeGreaterThanOrEqual(last);
    expect(value).toBeLessThanOrEqual(1);
    last = value;
  }
}

describe.each(['small-ppo', 'small-sac'])('what is certified of %s on the built-in district', (policy) => {
  it('has the planned attack between the clean damage and the bound, and that below the most of any action', async () => {
    const { clean, attacked, bound, anyAction, tightness, steps } = await certified(policy, { epsilon: 0.02 });
    expect(attacked).toBeGreaterThanOrEqual(clean);
    expect(bound).toBeGreaterThanOrEqual(attacked);
    expect(bound).toBeLessThan(anyAction);
    expect(tightness).toBeCloseTo((attacked - clean) / (bound - clean), 12);
    expect(steps.map(({ step }) => step)).toEqual([40, 41, 42, 43, 44, 45, 46, 47]);
    for (const { action, lowest, highest } of steps) {
      expect(lowest).toBeLessThanOrEqual(action);
      expect(highest).toBeGreaterThanOrEqual(action);
    }
  });

  it('keeps every side without an epsilon, and none with all of the range', async () => {
    expect((await certified(policy, { epsilon: 0 }, { horizon: 4 })).noFlipShare).toBe(1);
    expect((await certified(policy, { epsilon: 1 }, { horizon: 4 })).noFlipShare).toBe(0);
  });

  it('allows no more to an attack of fewer steps', async () => {
    const [clean, few, all] = await Promise.all([
      certified(policy, { epsilon: 0 }, { horizon: 6 }),
      certified(policy, { epsilon: 0.03 }, { budget: 2, horizon: 6 }),
      certified(policy, { epsilon: 0.03 }, { horizon: 6 }),
    ]);
    expect(few.bound).toBeGreaterThanOrEqual(clean.bound);
    expect(few.bound).toBeLessThanOrEqual(all.bound);
    expect(few.attacked).toBeLessThanOrEqual(few.bound);
  });
});

it('starts where the controller is after its own clean steps', async () => {
  const long = await certified('small-sac', { epsilon: 0 }, { from: 40, horizon: 8 });
  const late = await certified('small-sac', { epsilon: 0 }, { from: 44, horizon: 4 });
  expect(late.steps.map(({ action }) => action)).toEqual(long.steps.slice(4).map(({ action }) => action));
});

it('refuses a rule, a threat with constraints, and hours beyond the year', async () => {
  await expect(certified('idle', {})).rejects.toThrow(ConfigError);
  await expect(certified('small-sac', { constraints: [{ name: 'night' }] })).rejects.toThrow('constraints');
  await expect(certified('small-sac', {}, { from: 8755 })).rejects.toThrow('8759');
});
