import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LearnerName } from '../../agents/index.ts';
import { replaceFile, writeFile } from '../../cli/files.ts';
import type { TrainingCard } from '../../cli/training-folder.ts';
import type { SeedsSummary } from '../../cli/training-seeds.ts';
import { studentQuantile } from '../../evaluation/interval.ts';
import { builtinDistrict } from '../../sim/data/builtin/index.ts';
import { writeCityLearnFolder } from '../../sim/data/write-folder.ts';
import { faultlineIn, killedAt } from '../support/faultline.ts';
import type { Outcome } from '../support/faultline.ts';

const scratch = mkdtempSync(join(tmpdir(), 'faultline-train-'));
const path = (...parts: string[]): string => join(scratch, ...parts);
const read = (...parts: string[]): string => readFileSync(path(...parts), 'utf8');
const bytes = (...parts: string[]): Buffer => readFileSync(path(...parts));
const faultline = (args: readonly string[], onStderr?: Parameters<typeof faultlineIn>[2]): Promise<Outcome> =>
  faultlineIn(scratch, args, onStderr);

async function ok(args: readonly string[]): Promise<Outcome> {
  const outcome = await faultline(args);
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome;
}

/** A card without what depends on the machine. */
const figures = (...parts: string[]): object => {
  const { speed: _speed, ...card } = JSON.parse(read(...parts)) as TrainingCard;
  return card;
};

beforeAll(async () => {
  writeFileSync(
    path('cart.yaml'),
    `name: small
train:
  environment: cart-pole
  algorithm: ppo
  steps: 8192
  lanes: 4
  evaluateEvery: 1024
  evaluateEpisodes: 10
  config: {bins: 2, net_arch: [16], n_steps: 32, n_epochs: 5}
`,
  );
  await ok(['train', 'cart.yaml', '--out', 'whole']);
}, 120_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A training of each learner with all that it carries from step to step: rings that are full, statistics, noise with a memory. */
const trainings: Readonly<Record<LearnerName, object>> = {
  ppo: {
    environment: 'pendulum',
    config: { net_arch: [16], n_steps: 32, n_epochs: 3, normalize: {}, normaliseReward: true, use_sde: true },
  },
  a2c: { environment: 'cart-pole', config: { bins: 2, net_arch: [16], n_steps: 8, normalize: {} } },
  sac: {
    environment: 'pendulum',
    config: { net_arch: [16], batch_size: 32, buffer_size: 1000, normalize: {}, normaliseReward: true },
  },
  td3: {
    environment: 'pendulum',
    config: { net_arch: [16], batch_size: 32, buffer_size: 1000, action_noise: { ou: 0.5 }, policy_delay: 3 },
  },
  dqn: {
    environment: 'cart-pole',
    config: { bins: 2, net_arch: [16], buffer_size: 1000, target_update_interval: 600, exploration_fraction: 0.8 },
  },
};

describe.each(Object.entries(trainings))('faultline train, %s, killed', (algorithm, own) => {
  it('resumes to the weights, the curve and the card of a training that was not', async () => {
    const common = { algorithm, steps: 6144, lanes: 4, evaluateEvery: 1024, evaluateEpisodes: 4 };
    writeFileSync(path(`${algorithm}.yaml`), JSON.stringify({ seed: 3, train: { ...common, ...own } }));
    const [whole, killed] = [`${algorithm}-whole`, `${algorithm}-killed`];
    await ok(['train', `${algorithm}.yaml`, '--out', whole]);

    // Killed twice before it can save an evaluation, the second time while it works on a resumed training.
    const args = ['train', `${algorithm}.yaml`, '--out', killed, '--checkpoint-every', '0'];
    const resumed = [...args, '--resume'];
    const first = await faultlineIn(scratch, args, undefined, killedAt('step 3072:'));
    expect(first).toMatchObject({ signal: 'SIGKILL', stdout: '' });
    const second = await faultlineIn(scratch, resumed, undefined, killedAt('step 5120:'));
    expect(second.signal, second.stderr).toBe('SIGKILL');
    const resumedAt = (stderr: string): number => Number(/^resumed at step (\d+)$/m.exec(stderr)![1]);
    expect(resumedAt(second.stderr)).toBeGreaterThanOrEqual(2048);
    expect(resumedAt(second.stderr)).toBeLessThanOrEqual(3072);
    const { complete, steps, gradientSteps } = JSON.parse(read(killed, 'card.json')) as TrainingCard;
    expect(complete).toBe(false);
    expect(gradientSteps).toBeGreaterThan(100); // it had begun to learn
    writeFileSync(path(killed, 'checkpoint.bin.tmp'), 'half a checkpoint'); // what a kill within a save would leave

    const { stderr } = await ok(resumed);
    expect(resumedAt(stderr)).toBe(steps);
    expect(steps).toBeGreaterThanOrEqual(4096);
    expect(steps).toBeLessThanOrEqual(5120);
    expect(bytes(killed, 'policy.safetensors').equals(bytes(whole, 'policy.safetensors'))).toBe(true);
    expect(read(killed, 'policy.json')).toBe(read(whole, 'policy.json'));
    expect(read(killed, 'curve.csv')).toBe(read(whole, 'curve.csv'));
    expect(figures(killed, 'card.json')).toEqual(figures(whole, 'card.json'));
    for (const leftover of ['checkpoint.bin', 'checkpoint.bin.tmp'])
      expect(existsSync(path(killed, leftover))).toBe(false);
  }, 180_000);
});

describe('the threads of a training', () => {
  it('show in no file, also where it is killed and goes on with more of them', async () => {
    const train = {
      algorithm: 'ppo',
      environment: 'pendulum',
      steps: 2048,
      lanes: 4,
      evaluateEvery: 512,
      evaluateEpisodes: 2,
      config: { net_arch: [96, 96], n_steps: 64, batch_size: 256, n_epochs: 4 },
    };
    writeFileSync(path('threads.yaml'), JSON.stringify({ seed: 3, train }));
    const common = ['train', 'threads.yaml', '--checkpoint-every', '0'];
    const args = (threads: number, out: string) => [...common, '--out', out, '--threads', String(threads)];
    await ok(args(1, 'one-thread'));
    const killed = await faultlineIn(scratch, args(2, 'more-threads'), undefined, killedAt('step 1536:'));
    expect(killed.signal, killed.stderr).toBe('SIGKILL');
    await ok([...args(3, 'more-threads'), '--resume']); // and its process ends
    for (const name of ['policy.safetensors', 'curve.csv'])
      expect(bytes('more-threads', name).equals(bytes('one-thread', name))).toBe(true);
    expect(figures('more-threads', 'card.json')).toEqual(figures('one-thread', 'card.json'));
  }, 180_000);

  it('are a whole number', async () => {
    const { code, stderr } = await faultline(['train', 'cart.yaml', '--out', 'none', '--threads', '0']);
    expect(code).toBe(2);
    expect(stderr).toContain('--threads');
  });
});

describe('data that change between a kill and a resume', () => {
  it('are refused by name, and never summed up with what was trained on the old', async () => {
    const { buildings, ...shared } = builtinDistrict();
    const files = writeCityLearnFolder({ ...shared, buildings: buildings.slice(0, 1) });
    for (const [name, text] of files) writeFile(path('data', name), text);
    const train = { algorithm: 'ppo', steps: 64, lanes: 2, evaluateEvery: 16, config: { n_steps: 8, net_arch: [4] } };
    writeFileSync(path('own.yaml'), JSON.stringify({ district: { dataset: 'data', steps: 24 }, train }));
    const args = ['train', 'own.yaml', '--checkpoint-every', '0'];
    await faultlineIn(scratch, [...args, '--out', 'own'], undefined, killedAt('step 48:'));
    await ok([...args, '--out', 'own-seeds', '--seeds', '1']);

    const [pricing, text] = [...files].find(([name]) => name.includes('pricing'))!;
    const rows = text.split('\n');
    rows[1] = rows[1]!.replace(/^[\d.]+/, '9');
    writeFile(path('data', pricing), rows.join('\n'));
    const resumed = await faultline([...args, '--out', 'own', '--resume']);
    expect(resumed).toMatchObject({ code: 2, stdout: '' });
    expect(resumed.stderr).toBe(
      'ConfigError: the data of data have changed since the checkpoint in own was saved; start without --resume\n',
    );
    const seeds = await faultline([...args, '--out', 'own-seeds', '--seeds', '2', '--resume']);
    expect(seeds.code).toBe(2);
    expect(seeds.stderr).toContain('seed 1 was trained on other data than seed 0; start without --resume');
    expect(existsSync(path('own-seeds', 'summary.json'))).toBe(true); // of the one seed, as it was
    expect((JSON.parse(read('own-seeds', 'summary.json')) as SeedsSummary).seeds).toHaveLength(1);
  }, 180_000);
});

describe('what a kill leaves', () => {
  it('a damaged checkpoint is refused by name', async () => {
    mkdirSync(path('damaged'));
    writeFileSync(path('damaged', 'checkpoint.bin'), 'not a checkpoint');
    const outcome = await faultline(['train', 'cart.yaml', '--out', 'damaged', '--resume']);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain('PolicyFileError: checkpoint:');
  }, 180_000);

  it('a file is replaced whole', () => {
    replaceFile(path('folder', 'file'), 'old');
    replaceFile(path('folder', 'file'), 'new');
    expect(read('folder', 'file')).toBe('new');
    expect(existsSync(path('folder', 'file.tmp'))).toBe(false);
  });
});

describe('the folder of a training', () => {
  it('says what it learnt to control, from what, and how well it does on fresh episodes', () => {
    const card = JSON.parse(read('whole', 'card.json')) as TrainingCard;
    expect(card).toMatchObject({ environment: 'cart-pole', preset: 'sb3', complete: true, stopped: null, steps: 8192 });
    expect(card.features.observation.map(({ name }) => name)).toContain('angle');
    expect(card).not.toHaveProperty('district');
    expect(card.clean['return']).toBeGreaterThan(30); // pushing at random gives 22
    const [head, ...rows] = read('whole', 'curve.csv').trim().split('\n');
    expect(head).toBe('step,gradient_steps,return,return_std,episode_length');
    expect(rows).toHaveLength(8);
    expect(rows[7]).toMatch(/^8192,/);
  });
});

describe('faultline train that diverges', () => {
  it('says so and ends, on a terminal too, which has its cursor back', async () => {
    writeFileSync(
      path('far.yaml'),
      'train: {environment: pendulum, steps: 2048, config: {n_steps: 64, learning_rate: 1.0e+30}}',
    );
    const terminal = ['--import', 'data:text/javascript,process.stderr.isTTY=true'];
    let late: NodeJS.Timeout | undefined;
    const outcome = await faultlineIn(
      scratch,
      ['train', 'far.yaml', '--out', 'far'],
      (stderr, kill) => {
        if (stderr.includes('NonFiniteError')) late ??= setTimeout(() => kill('SIGKILL'), 20_000);
      },
      terminal,
    );
    clearTimeout(late);
    expect(outcome).toMatchObject({ code: 3, signal: null, stdout: '' });
    const [, shown] = outcome.stderr.split('\u001B[?25l'); // hidden by the bar
    expect(shown).toContain('\u001B[?25h');
    expect(shown).toMatch(/\nNonFiniteError: ppo: \w+ is NaN at step \d+: the training has diverged/);
    expect(existsSync(path('far', 'policy.json'))).toBe(false);
  }, 60_000);
});

describe('faultline train, early stopping', () => {
  it('says why it stopped, and writes the best', async () => {
    writeFileSync(
      path('stop.yaml'),
      read('cart.yaml')
        .replace('steps: 8192', 'steps: 800000')
        .replace('train:', 'train:\n  stop: {reward_threshold: 30}'),
    );
    const { stderr, stdout } = await ok(['train', 'stop.yaml', '--out', 'stopped', '--json']);
    expect(stderr).toMatch(/stopped early at step \d+: the return is as high as was asked for/);
    const card = JSON.parse(stdout) as TrainingCard;
    expect(card.stopped).toBe('reward-threshold');
    expect(card.bestStep).toBe(card.steps);
    expect(card.steps).toBeLessThan(80_000);
  }, 180_000);
});

describe('faultline train --seeds', () => {
  const args = ['train', 'cart.yaml', '--steps', '2048', '--out', 'seeds', '--workers', '2', '--checkpoint-every', '0'];

  it('interrupted, saves every seed; resumed, trains what is missing and sums up', async () => {
    let sent = false;
    const stopped = await faultline([...args, '--seeds', '3'], (stderr, kill) => {
      if (!sent && stderr.includes('step 1024:')) kill('SIGTERM');
      sent ||= stderr.includes('step 1024:'); // a second signal would end it at once
    });
    expect(stopped.code, stopped.stderr).toBe(130);
    expect(stopped.stderr).toContain('continue with --resume');
    expect(existsSync(path('seeds', 'summary.json'))).toBe(false);

    const three = JSON.parse((await ok([...args, '--seeds', '3', '--resume', '--json'])).stdout) as SeedsSummary;
    expect(three.seeds.map(({ seed }) => seed)).toEqual([0, 1, 2]);
    const { values, mean, interval } = three.metrics['return']!;
    expect(new Set(values).size).toBe(3);
    expect(mean).toBeCloseTo((values[0]! + values[1]! + values[2]!) / 3, 9);
    expect(interval).toBeNull(); // three points are shown as they are

    // Two more seeds: the three are left as they are.
    const before = bytes('seeds', 'seed-1', 'card.json');
    const { stdout, stderr } = await ok([...args, '--seeds', '5', '--resume']);
    expect(stderr).not.toMatch(/^seed [012]:/m);
    expect(bytes('seeds', 'seed-1', 'card.json').equals(before)).toBe(true);
    const five = JSON.parse(read('seeds', 'summary.json')) as SeedsSummary;
    expect(five.metrics['return']!.values.slice(0, 3)).toEqual(values);
    const all = five.metrics['return']!;
    const deviation = Math.sqrt(all.values.reduce((sum, value) => sum + (value - all.mean) ** 2, 0) / 4);
    expect(all.interval!.high - all.mean).toBeCloseTo((studentQuantile(0.975, 4) * deviation) / Math.sqrt(5), 9);
    expect(stdout).toContain('95 % interval');

    // Each is what one training with that seed gives.
    await ok(['train', 'cart.yaml', '--steps', '2048', '--seed', '4', '--out', 'alone']);
    expect(bytes('seeds', 'seed-4', 'policy.safetensors').equals(bytes('alone', 'policy.safetensors'))).toBe(true);
    expect(figures('seeds', 'seed-4', 'card.json')).toEqual(figures('alone', 'card.json'));
  }, 180_000); // a dozen processes: seconds alone, a minute among others

  it('ends when a seed cannot be trained, with that seed’s words', async () => {
    writeFileSync(path('blocked'), 'a file where a folder should be');
    const outcome = await faultline(['train', 'cart.yaml', '--seeds', '2', '--out', 'blocked']);
    expect(outcome.code).toBe(3);
    expect(outcome.stderr).toMatch(/seed 0: .*ENOTDIR|seed 0: .*EEXIST/);
    expect(outcome.stderr).toContain('seed 0 ended with code 3; what it said is above');
  }, 180_000);
});
