import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent, RunResult } from '../../core/run.ts';
import { ConfigError } from '../../core/errors.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import type { Scenario } from '../../core/scenario.ts';
import { commandQueue } from '../../evaluation/control.ts';
import { buildingBond } from '../../evaluation/district.ts';
import { mergeOutcomes, mergeResults } from '../../evaluation/merge.ts';
import type { Outcome } from '../../evaluation/merge.ts';
import { cut, laneNames, mostParts, wholePanel } from '../../evaluation/part.ts';
import type { Part } from '../../evaluation/part.ts';
import { runEvents } from '../../evaluation/run.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { memoryWorkspace } from '../support/memory-workspace.ts';

const range = (length: number): number[] => [...Array(length).keys()];
const panel = (attacks: number, buildings: number): Part => ({ attacks: range(attacks), buildings: range(buildings) });
const sizes = (parts: readonly Part[]): number[] => parts.map((part) => part.attacks.length * part.buildings.length);

describe('cutting a panel', () => {
  const shape = fc
    .record({
      attacks: fc.integer({ min: 1, max: 12 }),
      buildings: fc.integer({ min: 1, max: 40 }),
      bound: fc.boolean(),
    })
    .chain(({ attacks, buildings, bound }) =>
      fc.record({
        attacks: fc.constant(attacks),
        buildings: fc.constant(buildings),
        bond: fc.constant(bound ? 'cars' : null),
        count: fc.integer({ min: 1, max: attacks * (bound ? 1 : buildings) }),
      }),
    );

  it('holds every cell exactly once, in parts of which none is empty, for every count', () => {
    fc.assert(
      fc.property(shape, ({ attacks, buildings, bond, count }) => {
        const parts = cut(panel(attacks, buildings), bond, count);
        expect(parts).toHaveLength(count);
        const cells = parts.flatMap((part) => part.attacks.flatMap((a) => part.buildings.map((b) => `${a} ${b}`)));
        expect(new Set(cells).size).toBe(cells.length);
        expect(cells).toHaveLength(attacks * buildings);
        expect(Math.min(...sizes(parts))).toBeGreaterThan(0);
        for (const { buildings: run } of parts) {
          expect(run).toEqual(range(run.length).map((i) => run[0]! + i)); // contiguous
          if (bond !== null) expect(run).toHaveLength(buildings);
        }
      }),
    );
  });

  it('is as even as a cut by attacks alone or by buildings alone, or more so', () => {
    fc.assert(
      fc.property(shape, ({ attacks, buildings, bond, count }) => {
        const largest = Math.max(...sizes(cut(panel(attacks, buildings), bond, count)));
        if (count <= attacks) expect(largest).toBeLessThanOrEqual(Math.ceil(attacks / count) * buildings);
        if (count <= buildings && bond === null)
          expect(largest).toBeLessThanOrEqual(Math.ceil(buildings / count) * attacks);
      }),
    );
  });

  it.each([
    [1, 64, 2, [32, 32]],
    [3, 64, 2, [96, 96]], // by buildings: two attacks against one would be 128 against 64
    [4, 8, 2, [16, 16]],
    [2, 3, 2, [3, 3]],
    [2, 3, 5, [1, 1, 1, 2, 1]],
    [1, 5, 4, [2, 1, 1, 1]],
  ])('%i attacks on %i buildings in %i parts: %j cells', (attacks, buildings, count, expected) => {
    expect(sizes(cut(panel(attacks, buildings), null, count))).toEqual(expected);
  });

  it('runs clean twins once where it can: equal halves are halves of the buildings', () => {
    expect(cut(panel(4, 8), null, 2).map((part) => part.buildings.length)).toEqual([4, 4]);
  });

  it('refuses parts that would be empty, and says how many there can be', () => {
    expect(mostParts(panel(2, 3), null)).toBe(6);
    expect(() => cut(panel(2, 3), null, 7)).toThrow(
      '7 parts of 2 attacks on 3 buildings: a part would be empty, expected 1 … 6',
    );
    expect(() => cut(panel(2, 3), 'its buildings share cars', 3)).toThrow(
      '3 buildings that stay together (its buildings share cars): a part would be empty, expected 1 … 2',
    );
    for (const count of [0, -1, 1.5, Number.NaN]) expect(() => cut(panel(2, 3), null, count)).toThrow(ConfigError);
  });
});

const source = memoryWorkspace();
const districts = new Map<string, ReturnType<typeof source.dataset>>();
/** Districts are made once: they are only read. */
const workspace: typeof source = {
  ...source,
  victim: (name) => source.victim(name),
  dataset(name, buildings) {
    const key = buildings.join();
    const known = districts.get(key) ?? source.dataset(name, buildings);
    districts.set(key, known);
    return known;
  },
};
const clock = { now: () => 0, sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };

async function evaluate(scenario: Scenario, part?: Part): Promise<Outcome> {
  const events: RunEvent[] = [];
  const options = { clock, commands: commandQueue(), versions: {}, codeHash: 'test', part };
  for await (const event of runEvents(scenario, workspace, options)) events.push(event);
  const [started, last] = [events[0]!, events.at(-1)!];
  if (started.type !== 'started' || last.type !== 'finished') throw new Error(`run ended with ${last.type}`);
  const frames = events.flatMap((event) => (event.type === 'frame' ? [event.frame] : []));
  return { result: last.result, schema: started.schema, frames };
}

const scenarioOf = (value: object): Scenario => scenarioFrom(value, 'test', schema);
/** Two attacks on three buildings; one is in physical units, one has restarts and jumps, and telemetry is not recorded in full for all lanes. */
const scenario = scenarioOf({
  seed: 3,
  district: { steps: 50, buildings: ['Building_4', 'Building_1', 'Building_7'] },
  victim: { policy: 'small-sac' },
  live: { frameSteps: 20 },
  attacks: [
    { name: 'pgd', config: { steps: 6, restarts: 2 } },
    { name: 'random-noise', label: 'noise', threat: { epsilon: 0.5, units: 'physical' } },
  ],
});

/** One attack on four buildings: parts of one, two and four rows, of which the kernel takes four at a time. */
const row = scenarioOf({
  seed: 3,
  district: { steps: 50, buildings: ['Building_4', 'Building_1', 'Building_7', 'Building_2'] },
  victim: { policy: 'small-ppo' },
  attacks: [{ name: 'pgd', config: { steps: 6, restarts: 2 } }],
});

describe.each([
  ['2×3', scenario, 150],
  ['1×4', row, 200],
] as const)('a panel of %s', (_, panel, rows) => {
  const all = wholePanel(panel);
  let whole: Outcome;
  beforeAll(async () => {
    whole = mergeOutcomes(panel, [await evaluate(panel)]);
  });

  it('has its lanes and counts in one run', () => {
    expect(whole.result.lanes.map(({ lane }) => lane)).toEqual(laneNames(panel, all));
    expect(whole.result.checks[0]).toMatchObject({ name: 'threat-set/pgd', evidence: { rows, rejected: 0 } });
  });

  it.each(range(mostParts(all, null)).map((i) => i + 1))(
    '%i parts in any order are the whole, result and telemetry, to the bit',
    async (count) => {
      const parts = await Promise.all(cut(all, null, count).map((part) => evaluate(panel, part)));
      expect(mergeOutcomes(panel, parts.toReversed())).toEqual(whole);
    },
  );
});

describe('parts put together', () => {
  it('a part of a part is merged too', async () => {
    const [part] = cut(wholePanel(scenario), null, 2);
    const whole = await evaluate(scenario, part);
    const pieces = await Promise.all(cut(part!, null, 3).map((piece) => evaluate(scenario, piece)));
    expect(mergeOutcomes(scenario, pieces, part)).toEqual(mergeOutcomes(scenario, [whole], part));
  });

  it('records the features of the panel’s first building alone where the panel is large, in each part', async () => {
    const attacks = range(6).map((a) => ({ name: 'random-noise', label: `noise ${a}` }));
    const large = scenarioOf({
      district: { steps: 3, buildings: ['Building_1', 'Building_2', 'Building_3'] },
      victim: { policy: 'small-ppo' },
      attacks,
    });
    const parts = await Promise.all(cut(wholePanel(large), null, 3).map((part) => evaluate(large, part)));
    const whole = await evaluate(large);
    expect(mergeOutcomes(large, parts).schema).toEqual(whole.schema);
    const detailed = whole.schema.channels.filter(({ signal }) => signal?.startsWith('true.'));
    expect(new Set(detailed.map(({ lane }) => lane?.split('/')[0]))).toEqual(new Set(['Building_1']));
  });

  it('what does not fit together is refused by name', async () => {
    const parts = await Promise.all(cut(wholePanel(scenario), null, 3).map((part) => evaluate(scenario, part)));
    const [a, b, c] = parts.map(({ result }) => result) as [RunResult, RunResult, RunResult];
    expect(() => mergeResults(scenario, [])).toThrow('nothing to merge');
    expect(() => mergeResults(scenario, [a, b])).toThrow(/lane 'Building_\d\/\w+' is in no part/);
    expect(() => mergeResults(scenario, [a, b, c, c])).toThrow(/lane 'Building_\d\/\w+' is in two parts/);
    expect(() => mergeResults(scenario, [a, b, { ...c, seed: 4 }])).toThrow('parts differ in their seed: 4 and 3');
    expect(() => mergeResults(scenario, [a, b, { ...c, hashes: { ...c.hashes, data: 'x' } }])).toThrow(
      'parts differ in their data: x',
    );
    const twin = a.lanes[0]!;
    const other = { ...c, lanes: [...c.lanes, { ...twin, return: 0 }] };
    expect(() => mergeResults(scenario, [a, b, other])).toThrow(`parts differ in the clean twin '${twin.lane}'`);
    const stray = { ...c, lanes: [...c.lanes, { ...twin, lane: 'Building_9/clean' }] };
    expect(() => mergeResults(scenario, [a, b, stray])).toThrow("lane 'Building_9/clean' is none of the panel's");
  });
});

describe('buildings that are only simulated together', () => {
  const bond = (district: object): Promise<string | null> => buildingBond(scenarioOf({ district }), workspace);
  const buildings = ['Building_1', 'Building_2'];

  it('are those whose reward looks at the whole district', async () => {
    expect(await bond({ buildings })).toBeNull();
    expect(await bond({ buildings, reward: { expression: '-max(net, 0)' } })).toBeNull();
    const looks = 'its reward looks at the whole district';
    expect(await bond({ buildings, reward: 'MARL' })).toBe(looks);
    expect(await bond({ buildings, reward: { expression: '-max(district_net, 0) * net' } })).toBe(looks);
    expect(await bond({ buildings: ['Building_1'], reward: 'MARL' })).toBeNull();
  });

  it('are not parted, whoever asks', async () => {
    const marl = scenarioOf({ ...scenario, district: { ...scenario.district, reward: 'MARL' } });
    await expect(evaluate(marl, { attacks: [0], buildings: [0, 1] })).rejects.toThrow(
      "/district/buildings: 2 of the district's 3 buildings alone: its reward looks at the whole district",
    );
    const whole = await evaluate(marl);
    const parts = await Promise.all(cut(wholePanel(marl), 'reward', 2).map((part) => evaluate(marl, part)));
    expect(mergeOutcomes(marl, parts)).toEqual(mergeOutcomes(marl, [whole]));
  });

  it('a building is named once', () => {
    expect(() => scenarioOf({ district: { buildings: ['Building_1', 'Building_1'] } })).toThrow(
      '/district/buildings: a building is named twice',
    );
  });
});
