import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { threatModel } from '../../attacks/threat.ts';
import { toggle } from '../../attacks/target/toggle.ts';
import { goalOf } from '../../core/goal.ts';
import type { Head } from '../../core/policy.ts';
import type { Feature } from '../../core/space.ts';
import { contextOf } from '../support/threat.ts';

/**
 * The paper's own toggled run, ten recorded steps under its stealth vector with solar masked. Its weather, calendar and
 * tariff do not depend on what the battery did, so an unattacked trajectory of the same building gives their clean values.
 */
const recordedFile = '../shared/golden/bifurcation/sac500_toggle_binary_myPGD_03_stealth__adv_obs-a.first10.csv';
const cleanFile =
  '../shared/golden/citylearn/v2.0.0/citylearn_challenge_2022_phase_2.Building_6/hour_rbc.observations.first500.csv.gz';
const there = existsSync(recordedFile) && existsSync(cleanFile);

interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly number[])[];
}

function table(text: string): Table {
  const [head, ...lines] = text.trim().split('\n');
  return { columns: head!.split(','), rows: lines.map((line) => line.split(',').map(Number)) };
}

describe.skipIf(!there)('the recorded toggle run (needs ../shared/golden)', () => {
  const recorded = there ? table(readFileSync(recordedFile, 'utf8')) : { columns: [], rows: [] };
  const clean = there ? table(gunzipSync(readFileSync(cleanFile)).toString()) : { columns: [], rows: [] };
  const names = recorded.columns.slice(1, -1);
  const features: Feature[] = names.map((name) => ({ name, unit: '', low: 0, high: 1 }));
  const threat = there ? threatModel({ preset: 'stealth-mask-solar' }, features) : threatModel({}, []);
  const ownState = new Set(['electrical_storage_soc', 'net_electricity_consumption']);

  it('lies in our preset of the same name: every exogenous feature within its epsilon, calendar and solar untouched', () => {
    let atTheBound = 0;
    let compared = 0;
    for (const [t, row] of recorded.rows.entries()) {
      names.forEach((name, j) => {
        if (ownState.has(name)) return;
        const before = clean.rows[t]![clean.columns.indexOf(name)]!;
        const delta = Math.abs(row[j + 1]! - before);
        expect(delta).toBeLessThanOrEqual(threat.epsilon[j]! + 2e-7); // both files went through float32
        compared++;
        if (threat.epsilon[j]! > 0 && delta > threat.epsilon[j]! - 1e-6) atTheBound++;
      });
    }
    expect(compared).toBe(290);
    expect(atTheBound).toBeGreaterThan(120); // the bound is met, so a smaller preset would fail
  });

  it('stays in the box', () => {
    for (const row of recorded.rows) {
      for (const value of row.slice(1, -1)) expect(value >= 0 && value <= 1).toBe(true);
    }
  });

  it('has the parity of our toggle: even steps to discharge, odd steps to charge', () => {
    const action = recorded.columns.indexOf('a');
    const head: Head = { kind: 'squashed-gaussian', low: [-1], high: [1] };
    const mean = (parity: number): number => {
      const actions = recorded.rows.filter((_, t) => t % 2 === parity).map((row) => row[action]!);
      return actions.reduce((sum, u) => sum + u, 0) / actions.length;
    };
    const sideAt = (step: number): number => {
      const goal = goalOf({ observationSize: 0, logitsSize: 2, head }, 1);
      toggle.aim(1, contextOf(new Float32Array(0), threat, [], step), goal, {
        head,
        observationSize: 0,
        logitsSize: 2,
      });
      return goal.side[0]!;
    };
    expect([0, 1, 2, 3, 8758].map(sideAt)).toEqual([-1, 1, -1, 1, -1]);
    expect(Math.sign(mean(1) - mean(0))).toBe(sideAt(1));
    for (let t = 0; t < 6; t += 2) expect(recorded.rows[t]![action]).toBeLessThan(recorded.rows[t + 1]![action]!);
  });
});
