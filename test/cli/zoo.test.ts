import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { trainZoo, zooJobs, zooText } from '../../cli/zoo.ts';
import { ConfigError, UnknownNameError } from '../../core/errors.ts';

const models = join(import.meta.dirname, '..', '..', 'models');
const scratch = mkdtempSync(join(tmpdir(), 'faultline-zoo-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('the zoo', () => {
  it('is every recipe with three seeds, each by its own name and training', () => {
    const jobs = zooJobs(models, 'out', []);
    expect(jobs.map((job) => job.name)).toEqual(
      ['dqn', 'ppo', 'ppo20', 'sac'].flatMap((recipe) =>
        ['', '-seed1', '-seed2'].map((suffix) => `${recipe}-builtin${suffix}`),
      ),
    );
    expect(jobs.map((job) => job.seed)).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
    expect(new Set(jobs.map((job) => job.identity)).size).toBe(12);
    expect(zooJobs(models, 'out', ['sac', 'dqn-builtin-seed1']).map((job) => job.name)).toEqual([
      'dqn-builtin-seed1',
      'sac-builtin',
      'sac-builtin-seed1',
      'sac-builtin-seed2',
    ]);
  });

  it('refuses what it does not have', () => {
    expect(() => zooJobs(models, 'out', ['ppo21'])).toThrow(UnknownNameError);
    expect(() => zooJobs(scratch, 'out', [])).toThrow(ConfigError);
  });

  it('leaves what is done when it is resumed', async () => {
    // A recipe that is done in a moment, in a folder of its own; its card is what a training would have left.
    mkdirSync(join(scratch, 'models', 'zoo'), { recursive: true });
    writeFileSync(
      join(scratch, 'models', 'zoo', 'tiny.yaml'),
      'name: tiny\ntrain: {environment: identity-discrete, algorithm: dqn, steps: 64}\n',
    );
    const jobs = zooJobs(join(scratch, 'models'), join(scratch, 'out'), []);
    for (const { out, identity, name, seed } of jobs) {
      mkdirSync(out, { recursive: true });
      const card = {
        complete: true,
        training: identity,
        name,
        seed,
        steps: 64,
        bestStep: 64,
        clean: {},
        speed: { cpuSeconds: 1 },
      };
      writeFileSync(join(out, 'card.json'), JSON.stringify(card));
    }
    const cards = await trainZoo({
      modelsDir: join(scratch, 'models'),
      out: join(scratch, 'out'),
      only: [],
      workers: 2,
      threads: 1,
      checkpointEvery: 60,
      resume: true,
      signal: new AbortController().signal,
    });
    expect(cards.map((card) => card.seed)).toEqual([0, 1, 2]);
    expect(zooText(cards)).toContain('tiny-builtin-seed2');
  });
});
