import { builtinGrid } from '../../../sim/grid/builtin/index.ts';
import { cascade } from '../../../sim/grid/cascade/cascade.ts';
import { dcPowerFlow } from '../../../sim/grid/dc.ts';
import { withColumns } from '../../../sim/grid/grid-case.ts';
import type { GridCase } from '../../../sim/grid/grid-case.ts';
import { powerFlow } from '../../../sim/grid/power-flow.ts';
import { loadability } from '../../../sim/grid/screening.ts';
import { rounded, within } from './check.ts';
import type { Check, CheckGroup } from './check.ts';

/** kW of a battery that goes from rest to charge. */
const swing = 5;

function vmin(grid: GridCase): number {
  const flow = powerFlow(grid);
  return flow.ok ? flow.vm.reduce((low, v) => Math.min(low, v), Infinity) : 0;
}

function scaled(grid: GridCase, by: number): GridCase {
  return withColumns(grid, { bus: { Pd: grid.bus.Pd.map((p) => p * by), Qd: grid.bus.Qd.map((q) => q * by) } });
}

/** Least number of homes at these buses, in equal parts, with which some voltage is below a limit. */
function homesNeeded(base: GridCase, buses: readonly number[], limit: number): number {
  const weights = Float64Array.from(base.bus.bus, (id) => (buses.includes(id) ? 1 / buses.length : 0));
  const at = (homes: number): number =>
    vmin(withColumns(base, { bus: { Pd: base.bus.Pd.map((p, r) => p + (homes * swing * weights[r]!) / 1000) } }));
  let [low, high] = [0, 4000];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (at(middle) < limit) high = middle;
    else low = middle;
  }
  return high;
}

/** specs/grid.md 4.7: place beats number. */
function feederSizing(): CheckGroup {
  const feeder = builtinGrid('case33bw');
  const far = Array.from({ length: 12 }, (_, k) => 7 + k);
  const everywhere = Array.from({ length: 32 }, (_, k) => 2 + k);
  const row = (
    load: number,
    name: string,
    where: readonly number[],
    published: readonly number[],
    limits: readonly number[],
  ): Check[] =>
    limits.map((limit, k) =>
      within(
        `loads × ${load}, ${name}: homes for ${limit} p.u.`,
        homesNeeded(scaled(feeder, load), where, limit),
        published[k]!,
        0.02,
      ),
    );
  return {
    claim: 'Homes with a battery of 5 kW that push case33bw out of its voltage band, by where they are',
    source: 'specs/grid.md 4.7',
    checks: [
      ...row(0.5, 'bus 18', [18], [23, 146, 251], [0.95, 0.9, 0.85]),
      ...row(0.5, 'buses 7–18', far, [38, 248, 434], [0.95, 0.9, 0.85]),
      ...row(0.5, 'everywhere', everywhere, [76, 507, 892], [0.95, 0.9, 0.85]),
      ...row(0.75, 'bus 18', [18], [90, 198], [0.9, 0.85]),
      ...row(0.75, 'everywhere', everywhere, [309, 697], [0.9, 0.85]),
    ],
  };
}

/** specs/grid.md 2.11 and 5: how far loads can grow, and that a cascade does not grow with the attack. */
function limits(): CheckGroup {
  const grid = builtinGrid('case39');
  const dispatch = dcPowerFlow(grid).pGen;
  const served = (by: number): number =>
    100 * cascade(withColumns(grid, { bus: { Pd: grid.bus.Pd.map((p) => p * by) } }), { dispatch }).servedFraction;
  return {
    claim: 'Noses, and cascades of case39, which are not monotone in the attack',
    source: 'MATPOWER and numpy, specs/grid.md 2.11 and 5',
    checks: [
      rounded('nose of case33bw', loadability(builtinGrid('case33bw'), false).lambda!, 3.622184, 5),
      rounded('nose of case9', loadability(builtinGrid('case9'), true).lambda!, 2.64124, 5),
      rounded('case39, +5 %: served, %', served(1.05), 100, 1),
      rounded('case39, +10 %: served, %', served(1.1), 53.8, 1),
      rounded('case39, +15 %: served, %', served(1.15), 88, 1),
    ],
  };
}

export function networkChecks(): CheckGroup[] {
  return [feederSizing(), limits()];
}
