import dns from 'node:dns';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  BackendError,
  BudgetError,
  ConfigError,
  ControllerError,
  PolicyFileError,
  StateError,
} from '../../core/errors.ts';
import type { RunResult } from '../../core/run.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { toPhysical } from '../../core/space.ts';
import { blackBoxSource, opaqueVictim } from '../../evaluation/black-box.ts';
import type { BlackBox } from '../../evaluation/black-box.ts';
import { commandQueue } from '../../evaluation/control.ts';
import { runEvents } from '../../evaluation/run.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import type { Workspace } from '../../evaluation/workspace.ts';
import { controllerAddress } from '../../server/black-boxes.ts';
import { systemClock } from '../../server/clock.ts';
import { httpController } from '../../server/http-controller.ts';
import { RemoteController } from '../../server/remote-controller.ts';
import { fileWorkspace } from '../../server/workspace.ts';
import { controllerRule, nonsense, openController } from '../support/controller-server.ts';
import { memoryWorkspace } from '../support/memory-workspace.ts';
import { model, node, tensor } from '../support/onnx-file.ts';
import { openServer, tempFolder } from '../support/server.ts';

let controller: Awaited<ReturnType<typeof openController>>;
beforeAll(async () => {
  controller = await openController();
});
afterAll(() => controller.close());

const unlimited = { rows: undefined, requests: undefined, timeoutMs: 5000 };
const remote = (path: string, limits = unlimited): RemoteController =>
  new RemoteController({ kind: 'http', name: path, url: `${controller.url}${path}`, units: 'normalised' }, limits);

async function run(workspace: Workspace, overrides: object): Promise<RunResult> {
  const scenario = scenarioFrom(
    {
      seed: 3,
      district: { steps: 48, buildings: ['Building_1', 'Building_2'] },
      attacks: [{ name: 'random-noise', threat: { epsilon: 0.05 } }],
      ...overrides,
    },
    'test',
    schema,
  );
  const options = { clock: systemClock, commands: commandQueue(), versions: {}, codeHash: 'test' };
  for await (const event of runEvents(scenario, workspace, options)) if (event.type === 'finished') return event.result;
  throw new Error('the run did not finish');
}

const files = fileWorkspace({ roots: null, modelsDir: 'models', controllers: 'loopback' });

/** The same rule, in this thread. */
function inProcess(units: BlackBox['units']): Workspace {
  const box: BlackBox = {
    hash: 'here',
    units,
    decide(observations, rows, action) {
      const size = observations.length / rows;
      for (let row = 0; row < rows; row++)
        action[row] = controllerRule(observations[row * size]!, observations[(row + 1) * size - 1]!);
    },
    [Symbol.dispose]() {},
  };
  return { ...memoryWorkspace(), victim: (name) => Promise.resolve(blackBoxSource(name, box)) };
}

describe('a controller over HTTP in the closed loop', () => {
  it.each(['normalised', 'physical'] as const)(
    'acts as the same rule in process, on %s observations',
    async (units) => {
      const before = await controller.asked();
      const victim = { policy: `${controller.url}/act`, units };
      const far = await run(files, { victim });
      const near = await run(inProcess(units), { victim });
      const lanes = ({ lanes }: RunResult): unknown =>
        lanes.map(({ cost, ...lane }) => ({ ...lane, queries: cost?.queries }));
      expect(lanes(far)).toEqual(lanes(near));
      expect(far.lanes.map((lane) => lane.return)).not.toContain(0);
      const after = await controller.asked();
      // Two buildings, clean and attacked, in one request a step; the attack needs no answer of its own.
      expect(after.requests - before.requests).toBe(48);
      expect(after.rows - before.rows).toBe(4 * 48);
      expect(after.units).toBe(units);
    },
  );

  it.each(['normalised', 'physical'] as const)(
    'is attacked by its decisions as the same rule in process, on %s observations, within the budget of the attack',
    async (units) => {
      const attacks = [
        {
          name: 'hop-skip-jump',
          config: { wanted: 'changed', threshold: 0.05, queryBudget: 30 },
          threat: { epsilon: 0.3 },
        },
      ];
      const far = await run(files, { victim: { policy: `${controller.url}/act`, units }, attacks });
      const near = await run(inProcess(units), { victim: { policy: `${controller.url}/act`, units }, attacks });
      const lanes = ({ lanes }: RunResult): unknown =>
        lanes.map(({ cost, ...lane }) => ({ ...lane, queries: cost?.queries }));
      expect(lanes(far)).toEqual(lanes(near));
      const attacked = far.lanes.filter((lane) => lane.attack !== 'clean');
      for (const { cost, success, steps } of attacked) {
        expect(cost!.queries).toBeLessThanOrEqual(30 * steps);
        expect(success!.meanAbsoluteActionChange).toBeGreaterThan(0);
      }
    },
  );

  it('an attack that needs gradients is refused by name, before anything is asked', async () => {
    const before = await controller.asked();
    const attempt = run(files, { victim: { policy: `${controller.url}/act` }, attacks: [{ name: 'pgd' }] });
    await expect(attempt).rejects.toThrow(/attack 'pgd' needs gradient access, but 'http.*' is a black box/);
    expect(await controller.asked()).toEqual(before);
  });

  it('the budget ends the run, and says what was used', async () => {
    const victim = { policy: `${controller.url}/act`, query_budget: 42 };
    const attempt = run(files, { victim });
    await expect(attempt).rejects.toThrow(BudgetError);
    await expect(attempt).rejects.toThrow(/budget of 42 rows is spent: 40 rows in 10 requests were asked.*4 more/);
    const requests = run(files, { victim: { policy: `${controller.url}/act`, request_budget: 3 } });
    await expect(requests).rejects.toThrow(/budget of 3 requests is spent: 12 rows in 3 requests/);
  });

  it.each(['small-ppo', 'idle'])(
    'what only a black box can be told is refused for %s, which is ours',
    async (policy) => {
      const attempt = run(memoryWorkspace(), { victim: { policy, query_budget: 5 } });
      await expect(attempt).rejects.toThrow(`/victim/query_budget: '${policy}' is computed here`);
    },
  );

  it('with decision access an attack is answered, and has no logits', () => {
    using far = remote('/act');
    const features = [{ name: 'a', unit: '°C', low: -10, high: 30 }];
    const action = [{ name: 'b', unit: '1', low: -1, high: 1 }];
    const spaces = { observation: { kind: 'box', features }, action: { kind: 'box', features: action } } as const;
    const box: BlackBox = {
      hash: '',
      units: 'physical',
      decide: (observations, rows, out) => far.decide(observations, rows, out),
      [Symbol.dispose]() {},
    };
    const victim = opaqueVictim('far', spaces, blackBoxSource('far', box).together!([spaces]));
    const out = new Float64Array(3);
    victim.decide(Float32Array.of(0, 0.5, 1), 3, out);
    [0, 0.5, 1].forEach((x, row) => {
      const value = toPhysical(features[0]!, x);
      expect(out[row]).toBe(controllerRule(value, value));
    });
    expect(() => victim.logits(new Float32Array(1), 1, new Float32Array(1))).toThrow(ConfigError);
    expect(far.spent).toEqual({ rows: 3, requests: 1 });
  });
});

describe('answers that are none', () => {
  // One thread for all of them: an answer that is none leaves the controller fit for the next question.
  let far: RemoteController | undefined;
  afterAll(() => far?.[Symbol.dispose]());
  const ask = (kind: (typeof nonsense)[number]): (() => void) => {
    const one = (far ??= remote('/nonsense', { ...unlimited, timeoutMs: 20_000 }));
    return () => one.decide(Float64Array.of(nonsense.indexOf(kind), 0.2), 2, new Float64Array(2));
  };

  it.each([
    ['/text', /\/nonsense: the answer is not JSON: certainly!/],
    ['/deep', /the answer is not JSON: \[\[\[/],
    ['/array', /the answer has no actions/],
    ['/fewer', /actions are \[\], expected 2 rows/],
    ['/flat', /row 0 of actions is 0.5, expected 1 numbers/],
    ['/wide', /row 0 of actions is \[0,0,0\], expected 1 numbers/],
    ['/null', /action 0 of row 0 is null, expected a finite number/],
    ['/infinite', /action 0 of row 0 is null, expected a finite number/],
    ['/string', /action 0 of row 0 is "0.1", expected a finite number/],
    ['/error', /HTTP status 503, expected 200/],
    ['/elsewhere', /HTTP status 302, expected 200/],
    ['/endless', /more than 16777216 bytes/],
    ['/hangs-up', /socket hang up|ECONNRESET/],
    ['/half', /aborted|ECONNRESET/],
  ] as const)('%s', (kind, expected) => {
    expect(ask(kind)).toThrow(ControllerError);
    expect(ask(kind)).toThrow(expected);
  });

  it('none at all, within the time that was given', () => {
    using silent = remote('/silent', { ...unlimited, timeoutMs: 300 });
    const question = (): void => silent.decide(Float64Array.of(1), 1, new Float64Array(1));
    // The second time the thread is there already, and can be asked again.
    for (let round = 0; round < 2; round++) {
      expect(question).toThrow(ControllerError);
      expect(question).toThrow(/no answer within 300 ms/);
    }
  });

  it('nobody there', () => {
    using far = new RemoteController(
      { kind: 'http', name: 'nobody', url: 'http://127.0.0.1:9/act', units: 'normalised' },
      unlimited,
    );
    expect(() => far.decide(Float64Array.of(1), 1, new Float64Array(1))).toThrow(/connection was refused/);
  });

  it('a closed one is not asked again', () => {
    const far = remote('/act');
    far.decide(Float64Array.of(1), 1, new Float64Array(1));
    far[Symbol.dispose]();
    expect(() => far.decide(Float64Array.of(1), 1, new Float64Array(1))).toThrow(StateError);
  });
});

describe('an ONNX graph that is more than dense layers', () => {
  let folder: ReturnType<typeof tempFolder>;
  let path: string;
  beforeAll(() => {
    folder = tempFolder();
    path = join(folder.path, 'policy.onnx');
    const gate = node({ operator: 'HardSigmoid', inputs: ['x'], output: 'g', attributes: { alpha: { real: 0.25 } } });
    const sum = node({ operator: 'MatMul', inputs: ['g', 'w'], output: 'y' });
    const tensors = [tensor('w', [2, 1], [1, -2])];
    writeFileSync(path, model({ input: ['batch', 2], nodes: [gate, sum], tensors }));
    const plain = node({ operator: 'MatMul', inputs: ['x', 'w'], output: 'y' });
    writeFileSync(join(folder.path, 'dense.onnx'), model({ input: ['batch', 2], nodes: [plain], tensors }));
    writeFileSync(join(folder.path, 'damaged.onnx'), 'ONNX');
  });
  afterAll(() => folder[Symbol.dispose]());
  const features = [0, 1].map((i) => ({ name: `o${i}`, unit: '', low: 0, high: 1 }));
  const spaces = [
    {
      observation: { kind: 'box', features },
      action: { kind: 'box', features: [{ name: 'a', unit: '', low: -2, high: 1 }] },
    },
  ] as const;
  const decide = async (): Promise<number[]> => {
    const source = await files.victim(path);
    const action = new Float64Array(2);
    try {
      source.together!(spaces).decide(Float32Array.of(1, 0, -9, 9), 2, action);
    } finally {
      source.close!();
    }
    return [...action];
  };
  const there = ((): boolean => {
    try {
      return createRequire(import.meta.url).resolve('onnxruntime-node') !== '';
    } catch {
      return false;
    }
  })();

  it.skipIf(there)('needs onnxruntime-node, and says so (where that is not installed)', async () => {
    await expect(decide()).rejects.toThrow(BackendError);
    await expect(decide()).rejects.toThrow(/onnxruntime-node is not there .* npm install onnxruntime-node/);
  });

  it.skipIf(!there)('is computed by onnxruntime-node (where that is installed)', async () => {
    // HardSigmoid: max(0, min(1, x/4 + 1/2))
    expect(await decide()).toEqual([0.75 - 2 * 0.5, 0 - 2 * 1]);
  });

  it('one that can be imported is sent there; one that is damaged is refused', async () => {
    await expect(files.victim(join(folder.path, 'dense.onnx'))).rejects.toThrow(
      /faultline import .*dense\.onnx --out DIR/,
    );
    await expect(files.victim(join(folder.path, 'damaged.onnx'))).rejects.toThrow(PolicyFileError);
  });

  it('a server reads one inside its folders only', async () => {
    const confined = fileWorkspace({ roots: [join(folder.path, 'inside')], modelsDir: 'models' });
    await expect(confined.victim(path)).rejects.toThrow(/outside the folders this server may read/);
  });
});

describe('which addresses may be asked', () => {
  it.each([
    'http://127.0.0.1:9000/act',
    'http://127.8.8.8/',
    'http://localhost:1/act',
    'https://[::1]:4/',
    'http://0x7f.1/',
  ])('%s is on this machine', (name) => {
    expect(controllerAddress(name, 'loopback')).toBeInstanceOf(URL);
    expect(() => controllerAddress(name, 'none')).toThrow(/start it with --allow-controllers/);
  });

  it.each([
    'http://example.org/act',
    'http://10.0.0.1/',
    'http://127.0.0.1.example.org/',
    'http://[::2]/',
    'http://169.254.169.254/latest',
    'http://localhost.example.org/',
  ])('%s is not', (name) => {
    expect(() => controllerAddress(name, 'loopback')).toThrow(/on another machine; say --allow-remote/);
    expect(controllerAddress(name, 'any')).toBeInstanceOf(URL);
  });

  it.each(['file:///etc/passwd', 'ftp://127.0.0.1/', 'http://user:secret@127.0.0.1/', 'http://'])(
    '%s never',
    (name) => {
      expect(() => controllerAddress(name, 'any')).toThrow(ConfigError);
    },
  );

  it('localhost is this machine, whatever a resolver says', async () => {
    const resolver = vi.spyOn(dns, 'lookup').mockImplementation(() => {
      throw new Error('a resolver was asked');
    });
    try {
      const ask = (host: string): Promise<Float64Array> => {
        const url = `${controller.url.replace('127.0.0.1', host)}/act`;
        const far = httpController({ kind: 'http', name: host, url, units: 'normalised' }, 5000);
        return far({ observations: Float64Array.of(1), rows: 1, actionSize: 1 });
      };
      expect(await ask('localhost')).toEqual(Float64Array.of(controllerRule(1, 1)));
      await expect(ask('elsewhere.invalid')).rejects.toThrow('a resolver was asked');
    } finally {
      resolver.mockRestore();
    }
  });

  it('a name that is no address is none', () => {
    expect(controllerAddress('ppo20-builtin', 'any')).toBeUndefined();
    expect(controllerAddress('runs/ppo', 'none')).toBeUndefined();
  });

  it('a server asks nobody unless it was started so', async () => {
    await using server = await openServer();
    const before = await controller.asked();
    const scenario = {
      district: { steps: 5 },
      victim: { policy: `${controller.url}/act` },
      attacks: [{ name: 'random-noise' }],
    };
    const response = await fetch(`${server.url}/api/v1/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(scenario),
    });
    const { id } = (await response.json()) as { id: string };
    await expect
      .poll(
        async () => ((await (await fetch(`${server.url}/api/v1/runs/${id}`)).json()) as { error: string | null }).error,
        {
          timeout: 20_000,
        },
      )
      .toMatch(/asks no controllers elsewhere/);
    expect(await controller.asked()).toEqual(before);
  });
});
