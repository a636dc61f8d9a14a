import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import { branchAdmittance, busAdmittance, injections } from '../../../sim/grid/admittance.ts';
import { parseMatpower } from '../../../sim/grid/matpower.ts';
import { networkOf, role } from '../../../sim/grid/network.ts';
import { NewtonPowerFlow } from '../../../sim/grid/newton.ts';
import { meshedText } from './synthetic.ts';

it('the power flow’s Jacobian is what central differences of the powers say, at any voltages of random networks', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.integer({ min: 12, max: 40 }), (seed, n) => {
      const draw = rng(seed);
      const grid = parseMatpower(meshedText(n, draw).text, 'meshed.m');
      const island = networkOf(grid).islands[0]!;
      const y = busAdmittance(grid, island, branchAdmittance(grid, island));
      const newton = new NewtonPowerFlow(y, island.roles);
      const vm = Float64Array.from({ length: y.n }, () => 0.8 + 0.4 * draw.uniform());
      const va = Float64Array.from({ length: y.n }, () => 0.6 * draw.normal());
      newton.vm.set(vm);
      newton.va.set(va);
      const nothing = new Float64Array(y.n);
      newton.solve(nothing, nothing, { tolerance: 0, maxIterations: 0, shorten: false });
      const blocks = Reflect.get(newton, 'blocks') as Float64Array;
      const h = 1e-6;
      for (let j = 0; j < y.n; j++) {
        const moved = (by: number, voltage: boolean): ReturnType<typeof injections> => {
          const [v, a] = [vm.slice(), va.slice()];
          // A voltage moves relative to itself, as the unknown dV/V does.
          if (voltage) v[j]! *= 1 + by;
          else a[j]! += by;
          return injections(y, v, a);
        };
        for (const part of [0, 1] as const) {
          const [up, down] = [moved(h, part === 1), moved(-h, part === 1)];
          for (let i = 0; i < y.n; i++) {
            const at = y.column.subarray(y.rowStart[i], y.rowStart[i + 1]).indexOf(j);
            const slopes = [(up.p[i]! - down.p[i]!) / (2 * h), (up.q[i]! - down.q[i]!) / (2 * h)];
            const scale = 1e-7 * (1 + Math.abs(newton.p[i]!) + Math.abs(newton.q[i]!)) + 1e-7 * Math.abs(slopes[0]!);
            if (at < 0) {
              expect(Math.abs(slopes[0]!) + Math.abs(slopes[1]!)).toBeLessThan(10 * scale);
              continue;
            }
            const block = 4 * (y.rowStart[i]! + at) + part;
            expect(Math.abs(blocks[block]! - slopes[0]!)).toBeLessThan(10 * scale);
            // A bus that holds its voltage has dV = 0 in its second row.
            const second = island.roles[i] === role.pq ? slopes[1]! : i === j && part === 1 ? 1 : 0;
            expect(Math.abs(blocks[block + 2]! - second)).toBeLessThan(10 * scale + 1e-7 * Math.abs(second));
          }
        }
      }
    }),
    { numRuns: 10 },
  );
});
