import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../core/errors.ts';
import type { LaneResult, RunResult } from '../../core/run.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import type { Scenario } from '../../core/scenario.ts';
import { commandQueue } from '../../evaluation/control.ts';
import { mergeResults } from '../../evaluation/merge.ts';
import { cut, wholePanel } from '../../evaluation/part.ts';
import type { Part } from '../../evaluation/part.ts';
import { runEvents } from '../../evaluation/run.ts';
import { openTraining } from '../../evaluation/train.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { workspace } from '../../evaluation/workspace.ts';
import type { Workspace } from '../../evaluation/workspace.ts';
import type { PolicyFiles } from '../../nn/policy.ts';
import { gridTasks } from '../../sim/grid/task/index.ts';
import { memoryWorkspace } from '../support/memory-workspace.ts';

const scenario = (value: object): Scenario => scenarioFrom(value, 'test', schema);

/** One policy, `dispatcher`, beside what needs no file. */
function workspaceOf(files: PolicyFiles): Workspace {
  const contents: Record<string, Uint8Array> = {
    'policy.json': new TextEncoder().encode(files.card),
    'policy.safetensors': files.weights,
  };
  const folder = { label: 'dispatcher', read: (name: string) => Promise.resolve(contents[name]) };
  return workspace({
    dataset: () => {
      throw new ConfigError('no dataset in this test');
    },
    policy: (name) => (name === 'dispatcher' ? folder : undefined),
    models: () => ['dispatcher'],
  });
}

async function resultOf(value: Scenario, own: Workspace, part?: Part): Promise<RunResult> {
  let now = 0;
  const clock = { now: () => (now += 0.001), sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
  const options = { clock, commands: commandQueue(), versions: {}, codeHash: 'test', part };
  for await (const event of runEvents(value, own, options)) if (event.type === 'finished') return event.result;
  throw new Error('the run did not end');
}

const meanOf = (lanes: readonly LaneResult[], attack: string, kpi: string): number => {
  const own = lanes.filter((lane) => lane.attack === attack);
  return own.reduce((sum, lane) => sum + lane.kpis[kpi]!, 0) / own.length;
};

describe('a policy that was trained to dispatch a battery', () => {
  let files: PolicyFiles;
  let examined: Readonly<Record<string, number>>;
  beforeAll(async () => {
    const train = {
      environment: 'battery-dispatch',
      steps: 21_504,
      lanes: 16,
      evaluateEvery: 10_752,
      evaluateEpisodes: 24,
      config: {
        bins: 11,
        net_arch: [64, 64],
        n_steps: 96,
        batch_size: 256,
        n_epochs: 6,
        learning_rate: { linear: 0.001 },
        normaliseReward: true,
      },
    };
    using run = await openTraining(scenario({ train }), memoryWorkspace());
    for (const event of run.training) void event;
    examined = run.examine();
    files = run.files('dispatcher');
  }, 120_000);

  it('saves most of what can be saved, on days that it has not seen', () => {
    expect(examined['return']! / examined['return_optimum']!).toBeGreaterThan(0.7);
    expect(examined['return']!).toBeLessThan(examined['return_optimum']!);
  });

  const attacks = [
    { name: 'random-noise' },
    { name: 'fgsm' },
    { name: 'pgd', config: { steps: 5 } },
    { name: 'bifurcation', config: { steps: 5 } },
  ];
  const attacked = scenario({
    seed: 3,
    task: { name: 'battery-dispatch', episodes: 3, steps: 48 },
    victim: { policy: 'dispatcher' },
    attacks,
  });

  it('is attacked in the closed loop, within epsilon, and judged in dollars beside its twin', async () => {
    const { lanes, checks } = await resultOf(attacked, workspaceOf(files));
    expect(lanes.map(({ lane }) => lane)).toEqual(
      ['clean', 'random-noise', 'fgsm', 'pgd', 'bifurcation'].flatMap((attack) =>
        [0, 1, 2].map((episode) => `episode-${episode}/${attack}`),
      ),
    );
    for (const lane of lanes) {
      const { cost, saving } = lane.kpis;
      expect(lane.steps).toBe(48);
      expect(lane.return).toBeCloseTo(saving!, 6);
      if (lane.attack === 'clean') continue;
      const twin = lanes.find((other) => other.building === lane.building && other.attack === 'clean')!;
      // The same days: what idle batteries would have cost is the twin's to the bit, but for the order of sums.
      expect(cost! + saving!).toBeCloseTo(twin.kpis['cost']! + twin.kpis['saving']!, 6);
      expect(lane.regret!['cost']).toBe(cost! - twin.kpis['cost']!);
      expect(lane.norms!.linfMax).toBeLessThanOrEqual(0.05 + 1e-7);
    }
    for (const attack of ['fgsm', 'pgd', 'bifurcation'])
      expect(meanOf(lanes, attack, 'cost')).toBeGreaterThan(meanOf(lanes, 'random-noise', 'cost') + 5);
    expect(checks.filter(({ name }) => name.startsWith('threat-set/')).every(({ passed }) => passed)).toBe(true);
    // Over all episodes together: on a single day noise may cost more.
    const against = checks.filter(({ name }) => name.startsWith('beats-noise/'));
    expect(against.map(({ name, passed }) => [name, passed])).toEqual(
      ['fgsm', 'pgd', 'bifurcation'].map((attack) => [`beats-noise/${attack}`, true]),
    );
    for (const { detail } of against) expect(detail).toMatch(/^mean cost regret .* of random-noise$/);
  });

  it('gives the same bits whole and in parts', async () => {
    const own = workspaceOf(files);
    const whole = await resultOf(attacked, own);
    const parts = [];
    for (const part of cut(wholePanel(attacked), null, 5)) parts.push(await resultOf(attacked, own, part));
    const merged = mergeResults(attacked, parts);
    const timeless = ({ lanes }: RunResult) => lanes.map((lane) => ({ ...lane, cost: null }));
    expect(timeless(merged)).toEqual(timeless(whole));
  });

  it('is no controller of a building, nor a building’s of a battery on a feeder', async () => {
    const own = workspaceOf(files);
    await expect(resultOf(scenario({ victim: { policy: 'dispatcher' }, attacks }), own)).rejects.toThrow(
      /normalisation 'unit'/,
    );
    const strange = { ...attacked, victim: { policy: 'small-ppo' } };
    await expect(resultOf(strange, memoryWorkspace())).rejects.toThrow(/not on the task 'battery-dispatch'/);
  });

  it('is attacked without a plan where nobody has a model of the plant', async () => {
    const planned = { ...attacked, attacks: scenario({ attacks: [{ name: 'planned' }] }).attacks };
    await expect(resultOf(planned, workspaceOf(files))).rejects.toThrow(/no model that an attack could plan with/);
  });
});

describe('any task', () => {
  it.each(Object.keys(gridTasks))('%s runs under controllers that follow a rule, twins alike', async (name) => {
    const panel = [{ name: 'none' }, { name: 'random-noise' }];
    for (const policy of ['idle', 'random']) {
      const value = scenario({ task: { name, episodes: 3 }, victim: { policy }, attacks: panel });
      const { lanes } = await resultOf(value, memoryWorkspace());
      expect(lanes).toHaveLength(9);
      for (const lane of lanes) {
        const twin = lanes.find(({ building, attack }) => building === lane.building && attack === 'clean')!;
        expect(lane.kpis).toEqual(twin.kpis); // neither rule looks at what it is shown
        if (policy === 'idle' && name !== 'topology') expect(lane.return).toBeCloseTo(0, 9);
      }
    }
  });

  it('lies dark to the end of the episode after a blackout', async () => {
    const value = scenario({
      task: { name: 'topology', episodes: 4 },
      victim: { policy: 'random' },
      attacks: [{ name: 'none' }],
    });
    const { lanes } = await resultOf(value, memoryWorkspace());
    const dark = lanes.filter((lane) => lane.kpis['survival']! < 1);
    expect(dark.length).toBeGreaterThan(0);
    for (const lane of dark) {
      const steps = 96 * (1 - lane.kpis['survival']!);
      expect(lane.kpis['unserved']!).toBeCloseTo((steps * 259) / 12, 6);
      expect(lane.kpis['cost']!).toBeCloseTo(96 - lane.return, 9);
    }
  });
});

describe('the section `task`', () => {
  it('names every task, with its own options, and refuses others', () => {
    for (const name of Object.keys(gridTasks)) expect(scenario({ task: { name } }).task!.episodes).toBe(8);
    expect(scenario({}).task).toBeUndefined();
    expect(() => scenario({ task: { name: 'battery' } })).toThrow(/task/);
    expect(() => scenario({ task: { name: 'battery-dispatch', config: { efficency: 1 } } })).toThrow(/efficiency/);
  });

  it('gives its options to the training of the same name, and refuses another', async () => {
    const train = { environment: 'battery-dispatch', lanes: 1, evaluateEpisodes: 1 };
    const batteries = [{ bus: 18 }, { bus: 33 }];
    using run = await openTraining(
      scenario({ train, task: { name: 'battery-dispatch', config: { batteries } } }),
      memoryWorkspace(),
    );
    expect(run.action.map(({ name }) => name)).toEqual(['bus18_power', 'bus33_power']);
    const others = Object.keys(gridTasks).filter((name) => name !== 'battery-dispatch');
    for (const name of others)
      await expect(openTraining(scenario({ train, task: { name } }), memoryWorkspace())).rejects.toThrow(ConfigError);
  });
});

it('every task has a cost first, and measures what it says', () => {
  for (const { open, measures } of Object.values(gridTasks)) {
    expect(measures[0]!.name).toBe('cost');
    expect(open({}, 'judge').measures).toMatchObject(measures);
  }
});
