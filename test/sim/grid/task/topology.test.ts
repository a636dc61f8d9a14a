import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rng } from '../../../../core/rng.ts';
import { builtinGrid } from '../../../../sim/grid/builtin/index.ts';
import { branchColumns, busColumns, genColumns, gridTable } from '../../../../sim/grid/grid-case.ts';
import type { GridCase } from '../../../../sim/grid/grid-case.ts';
import { networkOf } from '../../../../sim/grid/network.ts';
import { powerFlow } from '../../../../sim/grid/power-flow.ts';
import { Switchyard } from '../../../../sim/grid/task/switchyard.ts';
import { topology } from '../../../../sim/grid/task/topology.ts';
import { assignments, topologyActions } from '../../../../sim/grid/task/topology-actions.ts';
import { lockstepEnv } from '../../../../sim/lockstep-env.ts';

const grid = builtinGrid('case14');
const yard = new Switchyard(grid, [2, 4, 5]);

/** The same network written out: a second busbar is a bus of its own, here or there as its elements say. */
function writtenOut(busbar: readonly number[], status: readonly number[]): GridCase {
  const bus = Array.from({ length: grid.bus.rows }, (_, r) => busColumns.map((name) => grid.bus[name][r]!));
  const gen = Array.from({ length: grid.gen.rows }, (_, r) => genColumns.map((name) => grid.gen[name][r]!));
  const branch = Array.from({ length: grid.branch.rows }, (_, r) => branchColumns.map((name) => grid.branch[name][r]!));
  status.forEach((on, r) => (branch[r]![branchColumns.indexOf('status')] = on));
  for (const { bus: number, elements, first } of yard.substations) {
    const twin = 100 + number;
    const there = elements.filter((_, e) => busbar[first + e] === 1);
    if (there.length === 0) continue;
    const row = bus.find((own) => own[0] === number)!;
    const other = row.map((value, c) => (['Pd', 'Qd', 'Gs', 'Bs'].includes(busColumns[c]!) ? 0 : value));
    other[0] = twin;
    other[1] = 1;
    for (const { kind, row: r } of there) {
      if (kind === 'from') branch[r]![0] = twin;
      if (kind === 'to') branch[r]![1] = twin;
      if (kind === 'generator') {
        gen[r]![0] = twin;
        other[1] = 2;
        row[1] = 1;
      }
      if (kind === 'load') {
        [other[2], other[3]] = [row[2]!, row[3]!];
        [row[2], row[3]] = [0, 0];
      }
    }
    bus.push(other);
  }
  return {
    name: 'written out',
    baseMva: grid.baseMva,
    bus: gridTable(busColumns, bus),
    gen: gridTable(genColumns, gen),
    branch: gridTable(branchColumns, branch),
  };
}

describe('a switchyard', () => {
  const { Pd, Qd } = grid.bus;
  const choices = yard.substations.map(assignments);

  it('is the network written out with a bus a busbar, whatever is split and out of service', () => {
    let [split, cut] = [0, 0];
    fc.assert(
      fc.property(
        fc.tuple(...choices.map((own) => fc.constantFrom(...own))),
        fc.uniqueArray(fc.nat(grid.branch.rows - 1), { maxLength: 2 }),
        (chosen, out) => {
          const busbar = chosen.flat();
          const status = Array.from({ length: grid.branch.rows }, (_, r) => (out.includes(r) ? 0 : 1));
          const case_ = writtenOut(busbar, status);
          const { islands, dead } = networkOf(case_);
          const solved = yard.solve(busbar, status, Pd, Qd, grid.gen.Pg);
          if (islands.length + dead.length > 1) {
            cut++;
            expect(solved).toBe(false);
            return;
          }
          const flow = powerFlow(case_, { start: 'case' });
          if (!solved || !flow.ok) return;
          split += busbar.includes(1) ? 1 : 0;
          for (let r = 0; r < grid.branch.rows; r++) {
            const mva = Math.max(Math.hypot(flow.pFrom[r]!, flow.qFrom[r]!), Math.hypot(flow.pTo[r]!, flow.qTo[r]!));
            expect(yard.mva[r]).toBeCloseTo(mva, 5);
          }
          expect(yard.slackMw).toBeCloseTo(flow.pGen[0]!, 5);
        },
      ),
      { numRuns: 150 },
    );
    expect(split).toBeGreaterThan(40);
    expect(cut).toBeGreaterThan(3);
  });

  it('balances: what generators give is loads and losses', () => {
    expect(yard.solve(new Float64Array(yard.elements), grid.branch.status, Pd, Qd, grid.gen.Pg)).toBe(true);
    expect(yard.slackMw).toBeCloseTo(232.3933, 3);
  });
});

describe('actions', () => {
  it('assign so that nothing is cut off, and no two are the same', () => {
    for (const substation of yard.substations)
      for (const busbars of assignments(substation)) {
        expect(busbars[0]).toBe(0);
        for (const side of [0, 1]) {
          const here = substation.elements.filter((_, e) => busbars[e] === side);
          if (side === 1 && here.length === 0) continue;
          expect(here.length).toBeGreaterThanOrEqual(2);
          expect(here.some(({ kind }) => kind === 'from' || kind === 'to')).toBe(true);
        }
      }
    const all = topologyActions([0, 1], yard.substations, [{ row: 1, ramp: 5 }]).map((action) =>
      JSON.stringify(action),
    );
    expect(new Set(all).size).toBe(all.length);
    expect(all[0]).toBe('{"kind":"nothing"}');
  });
});

/** A lane's state by name. */
function reader(config: object, use: 'train' | 'judge' = 'judge') {
  const task = topology(config, use);
  const env = lockstepEnv(task.kernel, 1);
  const state = new Float64Array(task.kernel.state.length);
  const names = task.kernel.state.map(({ name }) => name);
  const at = (name: string): number => {
    env.probe(0, state);
    const place = names.indexOf(name);
    expect(place, name).toBeGreaterThanOrEqual(0);
    return state[place]!;
  };
  const all = (prefix: string): number[] => {
    env.probe(0, state);
    return names.flatMap((name, i) => (name.startsWith(prefix) ? [state[i]!] : []));
  };
  return { task, env, at, all, act: (action: number) => env.step(Float64Array.of(action)), state };
}

describe('the topology task', () => {
  it('trips a branch above its limit in the third step, above twice its limit at once', () => {
    const slow = reader({ margin: 0.9, load: 1.15, outages: false });
    slow.env.reset(rng(4));
    const hot = slow.all('rho_').map((rho) => rho > 1 && rho < 1.9);
    expect(hot.some(Boolean)).toBe(true);
    slow.act(0);
    slow.act(0);
    expect(slow.all('status_').every((on) => on === 1)).toBe(true);
    expect(slow.all('over_').some((steps) => steps === 2)).toBe(true);
    slow.act(0);
    expect(slow.at('trips') + slow.at('survival')).toBeGreaterThan(0);
    expect(slow.at('survival') === 0 || slow.all('wait_line').includes(10)).toBe(true);
    const fast = reader({ margin: 0.4, outages: false });
    fast.env.reset(rng(4));
    fast.act(0);
    expect(fast.at('trips')).toBeGreaterThan(0);
  });

  it('pays what the loadings say, and refuses what is illegal', () => {
    const { env, act, all, at, task } = reader({ outages: false, margin: 5 });
    env.reset(rng(1));
    const line = 1 + 11; // 6–12; action 0 is nothing, then the branches
    for (const [action, illegal] of [
      [line, 0],
      [line, 1],
      [0, 0],
      [line, 0],
    ] as const) {
      const { reward } = act(action);
      const [rho, status] = [all('rho_line'), all('status_')];
      const score = rho.reduce((sum, own, l) => sum + (status[l] === 1 ? Math.max(0, 1 - own ** 2) : 0), 0) / 20;
      expect(reward[0]).toBeCloseTo(score, 12);
      expect(at('cost')).toBeCloseTo(1 - score, 12);
      expect(at('illegal')).toBe(illegal);
    }
    expect(all('status_')[11]).toBe(1);
    const last = task.kernel.actions[0]!.high;
    const { reward } = act(last);
    expect(at('redispatch_bus3')).toBe(5);
    expect(at('redispatch')).toBeCloseTo(5 / 12, 12);
    expect(reward[0]).toBeLessThan(1);
    act(last - 1); // back, and below what it can give
    act(last - 1);
    expect(at('redispatch_bus3')).toBe(0);
    expect(at('illegal')).toBe(1);
  });

  it('ends in a blackout where a generator is cut off', () => {
    const { env, act, at } = reader({ outages: false, margin: 3 });
    env.reset(rng(1));
    const bridge = [...grid.branch.from.keys()].find((r) => grid.branch.from[r] === 7 && grid.branch.to[r] === 8)!;
    const { terminated, reward } = act(1 + bridge);
    expect([terminated[0], reward[0]]).toEqual([1, 0]);
    expect(at('unserved')).toBeCloseTo(259 / 12, 6);
  });

  it('has standing rules that bring a branch back, let nothing take one out, and let actions act near a limit alone', () => {
    const { env, act, all, at, task } = reader({ rules: true });
    let [returned, acted, held] = [0, 0, 0];
    const splits = Array.from({ length: 37 }, (_, k) => 21 + k);
    for (let seed = 0; seed < 12; seed++) {
      env.reset(rng(seed));
      const stream = rng(seed).split('actions');
      for (let t = 0; t < task.kernel.horizon; t++) {
        const [rho, status, wait, busbars] = ['rho_line', 'status_', 'wait_line', 'bus'].map((name) => all(name));
        const due = status!.findIndex((on, l) => on === 0 && wait![l]! <= 1);
        const near = rho!.some((own) => own > 0.95);
        const trips = at('outage_step') === at('step') + 1;
        // Branches first, whose numbers are refused; then assignments of substations.
        const action = t % 2 === 0 ? 1 + stream.int(20) : splits[stream.int(splits.length)]!;
        const { terminated } = act(action);
        if (terminated[0] === 1) break;
        const after = all('status_');
        if (due >= 0) {
          returned++;
          expect(after[due]! + at('trips')).toBeGreaterThan(0);
        }
        const opened = after.filter((on, l) => status![l] === 1 && on === 0).length;
        expect(opened).toBeLessThanOrEqual(at('trips') + (trips ? 1 : 0));
        const same = all('bus').every((own, e) => own === busbars![e]);
        if (!near || due >= 0) expect(same).toBe(true);
        if (!near) held++;
        else if (!same) acted++;
      }
    }
    expect(returned).toBeGreaterThan(0);
    expect(acted).toBeGreaterThan(0);
    expect(held).toBeGreaterThan(0);
  });

  it('is learnt on shorter episodes with a price on overloads, and judged without them', () => {
    const practice = { horizon: 30, overload: 2 };
    const hot = { margin: 0.9, load: 1.15, outages: false };
    const [learnt, plain] = [reader({ ...hot, practice }, 'train'), reader(hot, 'train')];
    expect(learnt.task.kernel.horizon).toBe(30);
    expect(reader({ practice }).task.kernel.horizon).toBe(96);
    learnt.env.reset(rng(4));
    // The same day and hour, whatever the horizon: from the state of the one into the other.
    plain.env.restore(learnt.env.snapshot());
    const [with_, without] = [learnt.act(0).reward[0]!, plain.act(0).reward[0]!];
    const beyond = plain.all('rho_line').reduce((sum, rho) => sum + Math.max(0, rho - 1), 0);
    expect(beyond).toBeGreaterThan(0);
    expect(without - with_).toBeCloseTo(2 * beyond, 12);
    const [judge, bare] = [reader({ ...hot, practice }), reader(hot)];
    for (const { env } of [judge, bare]) env.reset(rng(4));
    expect(judge.act(0).reward[0]).toBe(bare.act(0).reward[0]);
  });

  it('is survived longer by looking one step ahead than by doing nothing', () => {
    const { task, env } = reader({});
    const sums = { do_nothing: 0, greedy: 0 };
    for (let seed = 0; seed < 8; seed++) {
      env.reset(rng(seed));
      const state = new Float64Array(task.kernel.state.length);
      env.probe(0, state);
      for (const name of ['do_nothing', 'greedy'] as const) sums[name] += task.references[name]!(state);
    }
    expect(sums.greedy).toBeGreaterThan(1.05 * sums.do_nothing);
  });
});
