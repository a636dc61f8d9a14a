import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunResult } from '../../core/run.ts';
import { openController } from '../support/controller-server.ts';
import { faultlineIn } from '../support/faultline.ts';
import type { Outcome } from '../support/faultline.ts';
import { smallPolicy } from '../support/small-policy.ts';

const scratch = mkdtempSync(join(tmpdir(), 'faultline-cli-'));
const path = (...parts: string[]): string => join(scratch, ...parts);

const faultline = (args: readonly string[], onStderr?: Parameters<typeof faultlineIn>[2]): Promise<Outcome> =>
  faultlineIn(scratch, args, onStderr);

async function ok(args: readonly string[]): Promise<Outcome> {
  const outcome = await faultline(args);
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome;
}

const read = (...parts: string[]): string => readFileSync(path(...parts), 'utf8');
const json = (...parts: string[]): unknown => JSON.parse(read(...parts));
/** A result without what is of the machine. */
const strip = (result: RunResult): unknown => ({
  ...result,
  timing: 0,
  lanes: result.lanes.map((lane) => ({ ...lane, cost: { ...lane.cost, seconds: 0 } })),
});

beforeAll(async () => {
  writeFileSync(path('nobody.yaml'), 'victim: {policy: nobody}');
  await ok(['--version']); // builds what is missing, once
  for (const kind of ['categorical', 'squashed-gaussian'] as const) {
    const policy = smallPolicy(kind);
    const files = await Promise.all(
      ['policy.json', 'policy.safetensors'].map(async (name) => [name, (await policy.read(name))!] as const),
    );
    const { mkdirSync } = await import('node:fs');
    mkdirSync(path(kind), { recursive: true });
    for (const [name, bytes] of files) writeFileSync(path(kind, name), bytes);
  }
}, 120_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('faultline', () => {
  it('--help names the commands and the exit codes; each command has its own', async () => {
    const { stdout } = await ok(['--help']);
    for (const name of [
      'simulate',
      'train',
      'attack',
      'certify',
      'foretell',
      'evaluate',
      'merge',
      'data',
      'serve',
      'list',
      'doctor',
      'schema',
    ]) {
      expect(stdout).toContain(name);
      expect((await ok([name, '--help'])).stdout).toMatch(/Examples?:/);
    }
    expect(stdout).toContain('130 interrupted');
  }, 60_000);

  it.each([
    [['simulte'], 2, /unknown command 'simulte'/],
    [['simulate'], 2, /--out/],
    [['simulate', '--out', 'x', '--steps', 'many'], 2, /--steps is 'many', expected an integer/],
    [['simulate', '--out', 'x', '--profile', 'v9'], 2, /v2\.0/],
    [
      ['simulate', '--out', 'x', '--buildings', 'Building_0'],
      2,
      /unknown building 'Building_0'. Did you mean 'Building_1'/,
    ],
    [['study', 'amu', '--out', 'x', '--quick', '--full'], 2, /'--quick' cannot be used with option '--full'/],
    [['simulate', '--out', 'x', '--actions', 'sac-builtin'], 2, /was trained on normalisation 'fixed'/],
    [['simulate', '--out', 'x', '--actions', 'idel'], 2, /unknown controller 'idel'. Did you mean 'idle'/],
    [['simulate', '--out', 'x', '--dataset', 'nowhere'], 2, /there is no folder 'nowhere'/],
    [['simulate', '--out', 'x', '--actions', 'missing.csv'], 2, /missing.csv: cannot be read/],
    [['evaluate', 'missing.yaml', '--out', 'x'], 2, /missing.yaml: cannot be read/],
    [
      ['attack', '--policy', 'categorical', '--observations', 'o.csv', '--attack', 'bifurcaton', '--out', 'x'],
      2,
      /did you mean 'bifurcation'/,
    ],
    [['evaluate', 'nobody.yaml', '--out', 'x'], 2, /^UnknownNameError: \/victim\/policy: unknown policy 'nobody'/m],
    [['list', 'atacks'], 2, /Did you mean 'attacks'/],
    [['doctor', '--backend', 'abacus'], 2, /unknown backend 'abacus'/],
  ])('%j ends with %i and says why', async (args, code, message) => {
    const outcome = await faultline(args);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.code).toBe(code);
    expect(outcome.stdout).toBe('');
    expect(existsSync(path('x'))).toBe(false);
  });

  it('list and schema print JSON that a script can read', async () => {
    const attacks = JSON.parse((await ok(['list', 'attacks', '--json'])).stdout) as {
      name: string;
      config: { properties: object };
    }[];
    expect(attacks.map((attack) => attack.name)).toEqual(
      expect.arrayContaining(['bifurcation', 'toggle-bifurcation', 'pgd', 'fgsm', 'random-noise']),
    );
    expect(Object.keys(attacks.find((attack) => attack.name === 'pgd')!.config.properties)).toContain('steps');
    const modules = JSON.parse((await ok(['list', 'modules', '--json'])).stdout) as { name: string }[];
    expect(modules.map(({ name }) => name)).toEqual(['dhkd', 'entropy', 'irepo', 'uld', 'steer', 'amu']);
    const schema = JSON.parse((await ok(['schema'])).stdout) as { properties: object };
    expect(Object.keys(schema.properties)).toEqual([
      'name',
      'seed',
      'district',
      'task',
      'grid',
      'victim',
      'modules',
      'attacks',
      'detectors',
      'train',
      'live',
    ]);
  });

  it('doctor says what computes and why the others do not', async () => {
    const report = JSON.parse((await ok(['doctor', '--json'])).stdout) as {
      backend: {
        name: string;
        refused: { name: string; reason: string }[];
        candidates: { name: string; usable: boolean; reason?: string; device?: string }[];
      };
      kernel: { gradientMs: number };
    };
    expect(report.backend.name).toMatch(/^(wasm|cpu|webgpu|tensorflow|tfjs-node|tfjs-node-gpu)$/);
    for (const { reason } of report.backend.refused) expect(reason.length).toBeGreaterThan(5);
    const { candidates } = report.backend;
    expect(candidates.map(({ name }) => name)).toEqual(['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm', 'cpu']);
    for (const { usable, reason, device } of candidates) expect(usable ? device : reason).toMatch(/\w{3}/);
    expect(candidates.find(({ usable }) => usable)?.name).toBe(report.backend.name);
    expect(report.kernel.gradientMs).toBeGreaterThan(0);
  }, 60_000);

  it('doctor obeys FAULTLINE_BACKEND, and --backend before it', async () => {
    vi.stubEnv('FAULTLINE_BACKEND', 'cpu');
    const doctor = async (
      ...args: string[]
    ): Promise<{ name: string; candidates: { name: string; usable: boolean }[] }> => {
      const { stdout } = await ok(['doctor', '--json', ...args]);
      return (JSON.parse(stdout) as { backend: Awaited<ReturnType<typeof doctor>> }).backend;
    };
    const { name, candidates } = await doctor();
    expect(name).toBe('cpu');
    expect((await doctor('--backend', 'wasm')).name).toBe('wasm');
    const unusable = candidates.find((candidate) => !candidate.usable)?.name;
    if (unusable !== undefined) {
      vi.stubEnv('FAULTLINE_BACKEND', unusable); // forced, so nothing else is taken
      const { code, stderr } = await faultline(['doctor']);
      expect(stderr).toContain(`BackendError: backend '${unusable}' is not usable`);
      expect(code).toBe(3);
    }
    vi.unstubAllEnvs();
  }, 60_000);
});

describe('faultline simulate', () => {
  it('writes series, rewards, KPIs and observations; a replay of its own actions gives the same bytes', async () => {
    const { stdout } = await ok([
      'simulate',
      '--buildings',
      'Building_1,Building_3',
      '--actions',
      'random',
      '--steps',
      '60',
      '--observations',
      '--json',
      '--out',
      'random',
    ]);
    const run = JSON.parse(stdout) as { kpis: { level: string }[]; dataHash: string };
    expect(run.kpis.filter((row) => row.level === 'district')).toHaveLength(21);
    expect(readdirSync(path('random')).sort()).toEqual([
      'actions.csv',
      'kpis.csv',
      'observations.csv',
      'rewards.csv',
      'run.json',
      'series.csv',
    ]);
    const series = read('random', 'series.csv').trim().split('\n');
    expect(series).toHaveLength(62);
    expect(series[0]!.split(',')).toEqual(
      ['0', '1']
        .flatMap((i) =>
          [
            'net',
            'cost',
            'emission',
            'electrical_storage.soc',
            'electrical_storage.energy_balance',
            'net_without_storage',
          ].map((name) => `${i}.${name}`),
        )
        .concat('district.net', 'district.cost', 'district.emission'),
    );
    expect(read('random', 'observations.csv').split('\n')[0]).toMatch(
      /^month,day_type,hour,.*0\.non_shiftable_load.*electricity_pricing_predicted_3,1\.non_shiftable_load/,
    );
    await ok([
      'simulate',
      '--buildings',
      'Building_1,Building_3',
      '--actions',
      'random/actions.csv',
      '--steps',
      '60',
      '--out',
      'replay',
    ]);
    for (const file of ['series.csv', 'rewards.csv', 'kpis.csv'])
      expect(read('replay', file)).toBe(read('random', file));
    // mulberry32(12345) over ±0.78125: the first draw of the golden action files of every profile.
    expect(read('random', 'actions.csv').split('\n')[1]!.split(',')[0]).toBe('0.7495754183764802');
    const idle = await ok([
      'simulate',
      '--buildings',
      'Building_1,Building_3',
      '--actions',
      'zero',
      '--steps',
      '60',
      '--json',
      '--out',
      'zero',
    ]);
    expect((JSON.parse(idle.stdout) as { dataHash: string }).dataHash).toBe(run.dataHash);
    expect(read('zero', 'kpis.csv')).toContain('district,District,electricity_consumption_total,1\n');
    expect(read('zero', 'series.csv')).not.toBe(read('random', 'series.csv'));
  });

  it('the exported district simulates to the same bytes as the built-in one', async () => {
    await ok(['data', 'export', '--buildings', 'Building_2', '--out', 'exported']);
    const run = ['--buildings', 'Building_2', '--actions', 'self-consumption', '--steps', '100', '--observations'];
    await ok(['simulate', ...run, '--out', 'from-model']);
    await ok(['simulate', ...run, '--dataset', 'exported', '--out', 'from-folder']);
    for (const file of ['series.csv', 'observations.csv', 'kpis.csv'])
      expect(read('from-folder', file)).toBe(read('from-model', file));
  });

  it('reads actions from CSV, plain or gzipped, and names a bad cell', async () => {
    const rows = Array.from({ length: 30 }, (_, k) => (k % 2 === 0 ? 0.5 : -0.5));
    writeFileSync(path('actions.csv'), `0.electrical_storage\n${rows.join('\n')}\n`);
    writeFileSync(path('actions.csv.gz'), gzipSync(readFileSync(path('actions.csv'))));
    for (const file of ['actions.csv', 'actions.csv.gz'])
      await ok([
        'simulate',
        '--buildings',
        'Building_1',
        '--actions',
        file,
        '--steps',
        '30',
        '--out',
        file.replaceAll('.', '-'),
      ]);
    expect(read('actions-csv', 'series.csv')).toBe(read('actions-csv-gz', 'series.csv'));
    const short = await faultline([
      'simulate',
      '--buildings',
      'Building_1',
      '--actions',
      'actions.csv',
      '--steps',
      '31',
      '--out',
      'short',
    ]);
    expect(short).toMatchObject({ code: 2 });
    expect(short.stderr).toContain('30 rows of actions, expected one for each of 31 steps');
    writeFileSync(path('bad.csv'), '0.electrical_storage\n0.1\nabc\n');
    expect(
      (await faultline(['simulate', '--buildings', 'Building_1', '--actions', 'bad.csv', '--out', 'bad'])).stderr,
    ).toContain("bad.csv:3:1: 'abc' is not a number");
  });
});

describe('faultline evaluate', () => {
  const scenario = (policy: string): string =>
    `name: t\ndistrict: {steps: 120}\nvictim: {policy: ./${policy}}\nattacks:\n  - {name: random-noise}\n  - {name: bifurcation, config: {steps: 5}}\n`;

  it('writes result, Parquet and report; twice the same but for times; gates on regret', async () => {
    writeFileSync(path('s.yaml'), scenario('categorical'));
    const first = await ok(['evaluate', 's.yaml', '--out', 'e1', '--json']);
    await ok(['evaluate', 's.yaml', '--out', 'e2']);
    const result = json('e1', 'result.json') as RunResult;
    expect(JSON.parse(first.stdout)).toEqual(result);
    expect(strip(json('e2', 'result.json') as RunResult)).toEqual(strip(result));
    expect(Object.values(result.hashes).every((hash) => /^[0-9a-f]{64}$/.test(hash))).toBe(true);
    expect(read('e1', 'report.html')).toMatch(/<svg/);
    const file = readFileSync(path('e1', 'telemetry.parquet'));
    const telemetry = await parquetReadObjects({
      file: file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer,
    });
    expect(telemetry).toHaveLength(120);
    expect(telemetry[119]).toMatchObject({ step: 119 });
    expect((await faultline(['evaluate', 's.yaml', '--out', 'e1', '--resume', '--max-regret', '-1'])).code).toBe(1);
    const again = await ok(['evaluate', 's.yaml', '--out', 'e1', '--resume', '--max-regret', '5']);
    expect(again.stderr).toContain('already holds this result');
    const nothing = await faultline(['evaluate', 's.yaml', '--out', 'e1', '--resume', '--max-regret', '']);
    expect(nothing).toMatchObject({ code: 2 });
    expect(nothing.stderr).toContain("--max-regret is '', expected a number");
  }, 60_000);

  it('Ctrl-C ends with 130 and writes nothing', async () => {
    writeFileSync(
      path('long.yaml'),
      scenario('squashed-gaussian')
        .replace('steps: 120', 'steps: 8000')
        .replace('steps: 5', 'steps: 400, restarts: 100, schedule: relative, stepSize: 0.5'),
    );
    let sent = false;
    const outcome = await faultline(['evaluate', 'long.yaml', '--out', 'cancelled'], (stderr, kill) => {
      if (!sent && stderr.includes('evaluate')) {
        sent = true;
        kill('SIGINT');
      }
    });
    expect(outcome.code).toBe(130);
    expect(outcome.stdout).toBe('');
    expect(existsSync(path('cancelled', 'result.json'))).toBe(false);
  }, 60_000);

  it('Ctrl-C ends threads that wait for a controller which never answers', async () => {
    const controller = await openController();
    const victim = `{policy: '${controller.url}/silent', timeout_ms: 600000}`;
    writeFileSync(
      path('silent.yaml'),
      `district: {steps: 5, buildings: [Building_1, Building_2]}\nvictim: ${victim}\nattacks: [{name: random-noise}]\n`,
    );
    let kill: (signal: NodeJS.Signals) => void = () => {};
    const running = faultline(['evaluate', 'silent.yaml', '--workers', '2', '--out', 'silent'], (_, own) => {
      kill = own;
    });
    await expect.poll(async () => (await controller.asked()).requests, { timeout: 60_000 }).toBe(2);
    const from = performance.now();
    kill('SIGINT');
    const { code } = await running;
    // Half a second where the machine is free; the answer would be waited for ten minutes.
    expect(performance.now() - from).toBeLessThan(10_000);
    expect(code).toBe(130);
    expect(existsSync(path('silent'))).toBe(false);
    await controller.close();
  }, 120_000);
});

describe('faultline evaluate on several threads and machines', () => {
  const panel = (attacks: number, buildings: number): string =>
    [
      `district: {steps: 40, buildings: [${['Building_1', 'Building_2', 'Building_5', 'Building_8'].slice(0, buildings).join(', ')}]}`,
      'victim: {policy: ./categorical}',
      'attacks:',
      ...['{name: bifurcation, config: {steps: 4}}', '{name: random-noise}']
        .slice(0, attacks)
        .map((one) => `  - ${one}`),
    ].join('\n');
  const same = (folder: string, whole: string): void => {
    expect(strip(json(folder, 'result.json') as RunResult)).toEqual(strip(json(whole, 'result.json') as RunResult));
  };

  it.each([
    [1, 4, [2, 3]],
    [2, 3, [5]],
  ])(
    '%i attacks on %i buildings: the result and the telemetry of one worker with %j',
    async (attacks, buildings, counts) => {
      const name = `panel${attacks}x${buildings}`;
      writeFileSync(path(`${name}.yaml`), panel(attacks, buildings));
      await ok(['evaluate', `${name}.yaml`, '--out', name]);
      expect((json(name, 'result.json') as RunResult).lanes).toHaveLength((1 + attacks) * buildings);
      const telemetry = (folder: string): Buffer => readFileSync(path(folder, 'telemetry.parquet'));
      for (const workers of counts) {
        const folder = `${name}w${workers}`;
        await ok(['evaluate', `${name}.yaml`, '--workers', `${workers}`, '--out', folder]);
        same(folder, name);
        expect(telemetry(folder).equals(telemetry(name))).toBe(true);
      }
    },
    120_000,
  );

  it('shards, one of them in two threads, are merged to the result of one', async () => {
    writeFileSync(path('shards.yaml'), panel(2, 2));
    const shard = ['evaluate', 'shards.yaml', '--shard'];
    await ok(['evaluate', 'shards.yaml', '--out', 'one']);
    await ok([...shard, '0/2', '--workers', '2', '--out', 'part0']);
    const missing = await faultline(['merge', 'part0', '--out', 'merged']);
    expect(missing).toMatchObject({ code: 3 });
    expect(missing.stderr).toContain('missing part 1/2');
    // Another part's result is not this part's.
    cpSync(path('part0'), path('part1'), { recursive: true });
    expect((await ok([...shard, '1/2', '--resume', '--out', 'part1'])).stderr).not.toContain('already holds');
    expect((await ok([...shard, '1/2', '--resume', '--out', 'part1'])).stderr).toContain('already holds this result');
    await ok(['merge', 'part1', 'part0', '--out', 'merged']);
    same('merged', 'one');
    expect((await faultline(['merge', 'one', '--out', 'merged2'])).stderr).toContain('is a whole result, not a part');
    expect((await faultline([...shard, '2/2', '--out', 'x'])).code).toBe(2);
    const empty = await faultline([...shard, '0/5', '--out', 'x']);
    expect(empty.stderr).toContain('5 parts of 2 attacks on 2 buildings: a part would be empty, expected 1 … 4');
    expect(empty.code).toBe(2);
    const budget = 'victim: {policy: "http://127.0.0.1:9/act", query_budget: 100}\nattacks: [{name: random-noise}]';
    writeFileSync(path('budget.yaml'), budget);
    const counted = await faultline(['evaluate', 'budget.yaml', '--shard', '0/1', '--out', 'x']);
    expect(counted.stderr).toContain('/victim: a budget is of the whole run: shards would each have one of their own');
    expect(counted.code).toBe(2);
  }, 120_000);
});

describe('faultline train', () => {
  const scenario =
    'district: {steps: 200}\ntrain: {algorithm: ppo, steps: 4096, lanes: 4, evaluateEvery: 1024, config: {net_arch: [16], n_steps: 64}}\n';

  it('an interrupted and resumed training gives the same policy as one that was not', async () => {
    writeFileSync(path('t.yaml'), scenario);
    await ok(['train', 't.yaml', '--out', 'whole']);
    let sent = false;
    const stopped = await faultline(['train', 't.yaml', '--out', 'parts'], (stderr, kill) => {
      if (!sent && stderr.includes('step 1024')) {
        sent = true;
        kill('SIGINT');
      }
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain('continue with --resume');
    writeFileSync(path('t2.yaml'), scenario.replace('4096', '8192'));
    expect((await faultline(['train', 't2.yaml', '--out', 'parts', '--resume'])).stderr).toContain(
      'is of another scenario',
    );
    await ok(['train', 't.yaml', '--out', 'parts', '--resume']);
    expect(
      readFileSync(path('parts', 'policy.safetensors')).equals(readFileSync(path('whole', 'policy.safetensors'))),
    ).toBe(true);
    expect(read('parts', 'curve.csv')).toBe(read('whole', 'curve.csv'));
    const card = json('whole', 'card.json') as {
      clean: Record<string, number>;
      speed: Record<string, number>;
      seed: number;
    };
    expect(card.clean['electricity_consumption_total']).toBeGreaterThan(0);
    expect(card.speed['stepsPerSecond']).toBeGreaterThan(0);
    expect(existsSync(path('parts', 'checkpoint.bin'))).toBe(false);
    expect((await faultline(['train', 't.yaml', '--out', 'empty', '--resume'])).stderr).toContain(
      'there is no checkpoint in empty',
    );
  }, 120_000);
});

describe('faultline attack', () => {
  it('does what the examples of its help say, on the kernel and on tensors', async () => {
    const { stdout } = await ok(['attack', '--help']);
    const examples = [...stdout.matchAll(/^ {2}faultline (.*)$/gm)].map((match) =>
      match[1]!.match(/'[^']*'|\S+/g)!.map((word) => word.replaceAll("'", '')),
    );
    expect(examples).toHaveLength(3);
    await ok(examples[0]!);
    await ok(examples[1]!);
    expect(json('runs', 'batch', 'result.json')).toMatchObject({ rows: 501, engine: { name: 'kernel' } });
    await ok([...examples[1]!, '--backend', 'wasm', '--config', '{"steps":2}', '--out', 'runs/tensors']);
    expect(json('runs', 'tensors', 'result.json')).toMatchObject({ rows: 501, engine: { name: 'wasm' } });
  }, 120_000);

  it('perturbs recorded observations inside the threat set', async () => {
    await ok([
      'simulate',
      '--buildings',
      'Building_1',
      '--actions',
      'zero',
      '--steps',
      '40',
      '--profile',
      'v2.0',
      '--observations',
      'normalised',
      '--normalisation',
      'fixed',
      '--out',
      'zero1',
    ]);
    await ok([
      'attack',
      '--policy',
      './categorical',
      '--observations',
      'zero1/observations.csv',
      '--attack',
      'bifurcation',
      '--config',
      '{"steps":10}',
      '--threat',
      '{"preset":"stealth-rescale"}',
      '--out',
      'batch',
    ]);
    const table = (file: string): { head: string[]; rows: number[][] } => {
      const [head, ...rows] = read(...file.split('/'))
        .trim()
        .split('\n')
        .map((line) => line.split(','));
      return { head: head!, rows: rows.map((row) => row.map(Number)) };
    };
    const clean = table('zero1/observations.csv');
    const adversarial = table('batch/adversarial.csv');
    expect(adversarial.rows).toHaveLength(41);
    let moved = 0;
    adversarial.head.forEach((name, j) => {
      const bound = /(month|day_type|hour)_/.test(name)
        ? 0
        : name === 'solar_generation'
          ? 0.00012
          : name === 'net_electricity_consumption'
            ? 0.00048
            : 0.03;
      const at = clean.head.indexOf(name);
      adversarial.rows.forEach((row, t) => {
        const delta = Math.abs(row[j]! - clean.rows[t]![at]!);
        expect(delta, `${name} row ${t}`).toBeLessThanOrEqual(bound);
        if (delta > 0) moved++;
      });
    });
    expect(moved).toBeGreaterThan(100);
    const { seconds: _, ...figures } = json('batch', 'result.json') as { seconds: number };
    expect(figures).toMatchObject({ rows: 41, gradients: expect.any(Number) as number });
    const again = ['--policy', './categorical', '--observations', 'zero1/observations.csv', '--attack', 'bifurcation'];
    const setting = ['--config', '{"steps":10}', '--threat', '{"preset":"stealth-rescale"}'];
    await ok(['attack', ...again, ...setting, '--workers', '2', '--out', 'batch2']);
    expect(read('batch2', 'adversarial.csv')).toBe(read('batch', 'adversarial.csv'));
    expect(json('batch2', 'result.json')).toMatchObject(figures);
    again[1] = 'http://192.0.2.1:9/act';
    const box = await faultline(['attack', ...again, '--out', 'batch3']);
    expect(box).toMatchObject({ code: 2 });
    expect(box.stderr).toContain("'http://192.0.2.1:9/act' is a black box; an open-loop attack needs a network");
  });
});

describe('faultline certify', () => {
  it('prints the damage of some hours from both sides', async () => {
    const { stdout } = await ok([
      'certify',
      '--policy',
      './squashed-gaussian',
      '--from',
      '30',
      '--horizon',
      '3',
      '--cells',
      '20',
      '--damage',
      'cost',
      '--threat',
      '{"epsilon":0.01}',
      '--budget',
      '2',
    ]);
    const result = JSON.parse(stdout) as Record<string, number> & { steps: unknown[]; threat: object };
    expect(result).toMatchObject({
      format: 'faultline-certificate',
      damage: 'cost',
      budget: 2,
      threat: { epsilon: 0.01 },
    });
    expect(result['attacked']).toBeGreaterThanOrEqual(result['clean']!);
    expect(result['bound']).toBeGreaterThanOrEqual(result['attacked']!);
    expect(result['anyAction']).toBeGreaterThanOrEqual(result['bound']!);
    expect(result.steps).toHaveLength(3);
  });

  it('refuses what cannot be certified', async () => {
    const rule = await faultline(['certify', '--policy', 'idle']);
    expect(rule.code).toBe(2);
    expect(rule.stderr).toContain('only a network can be certified');
    const other = await faultline(['certify', '--policy', './squashed-gaussian', '--normalisation', 'citylearn-2.0.0']);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain("was trained on normalisation 'fixed'");
  });
});

describe('faultline foretell', () => {
  it('prints what one gradient a row foretells beside what attacks come to', async () => {
    const command = 'foretell --policy ./categorical --steps 300 --stride 2 --epsilons 0.001,0.01';
    const { stdout } = await ok(command.split(' '));
    const result = JSON.parse(stdout) as { points: Record<string, number>[]; prefactor: { value: number } };
    expect(result).toMatchObject({ format: 'faultline-foretelling', policy: './categorical', rows: 151 });
    expect(result.points.map(({ epsilon }) => epsilon)).toEqual([0.001, 0.01]);
    for (const { epsilon, law } of result.points) expect(law).toBeCloseTo(result.prefactor.value * epsilon!, 9);
  });

  it('refuses a rule', async () => {
    const rule = await faultline(['foretell', '--policy', 'idle']);
    expect(rule.code).toBe(2);
    expect(rule.stderr).toContain('only a network has logits');
  });
});
