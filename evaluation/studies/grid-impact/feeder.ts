import { builtinGrid } from '../../../sim/grid/builtin/index.ts';
import { spreadHomes } from '../../../sim/grid/placed/homes.ts';
import { placeDistrict } from '../../../sim/grid/placed/placement.ts';
import type { PlacedDistrict } from '../../../sim/grid/placed/placement.ts';
import type { GridRecord } from '../../../sim/grid/placed/record.ts';
import { loadingAbove, shareNeeded, voltageBelow } from '../../../sim/grid/placed/share-needed.ts';
import { seriesOf, solvePlaced } from '../../../sim/grid/placed/solve-placed.ts';
import type { DistrictSeries } from '../../../sim/grid/placed/solve-placed.ts';
import type { DistrictLoads } from './district-loads.ts';

/** Where compromised homes sit on case33bw: buses near the head, at the ends of its two long branches, everywhere. */
export const sites = {
  spread: Array.from({ length: 32 }, (_, k) => 2 + k),
  head: [2, 3, 4, 5, 19, 20, 21, 22],
  end: [14, 15, 16, 17, 18, 30, 31, 32, 33],
} as const satisfies Record<string, readonly number[]>;
export type Site = keyof typeof sites;

/** Lower end of the band, p.u.; the clean twin just keeps `tight` and its worst branch is loaded to `loaded` of its limit. */
export const band = 0.95;
const tight = 0.955;
const loaded = 0.95;
/** Of the case's own loads. */
const background = 0.25;

/** What a number of compromised homes at a site comes to. */
export interface SiteImpact {
  readonly homes: number;
  /** Compromised homes with which the goal is reached; null: not with all of the site. */
  readonly voltage: number | null;
  readonly overload: number | null;
  /** With all of them: lowest voltage, p.u.; most that a branch carries, as a share of its limit. */
  readonly vmin: number;
  readonly loading: number;
}

export interface FeederImpact {
  readonly homes: number;
  readonly clean: { readonly vmin: number; readonly loading: number };
  readonly attacks: Readonly<Record<string, Readonly<Record<Site, SiteImpact>>>>;
}

/** In whatever step: every battery takes the most that it takes in any run. No attack on the batteries can do more in one step. */
export const atOnce = 'all charge at once';

function withAtOnce({ net, battery }: DistrictLoads): DistrictLoads {
  const most = net['clean']!.map((_, b) =>
    Object.values(battery).reduce((all, of) => of[b]!.reduce((here, kWh) => Math.max(here, kWh), all), 0),
  );
  const charging = battery['clean']!.map((of, b) => of.map(() => most[b]!));
  const total = net['clean']!.map((of, b) => of.map((kWh, t) => kWh - battery['clean']![b]![t]! + most[b]!));
  return { net: { ...net, [atOnce]: total }, battery: { ...battery, [atOnce]: charging } };
}

/**
 * Homes of a district on case33bw: as many of them as keep the clean twin at 0.955 p.u. beside a quarter of the case's loads, dealt to the buses by their loads; branches have the limit that the clean twin loads to 95 %. Then, by attack and by where
 * the compromised homes sit, how many push some bus below 0.95 p.u., or a branch above its limit, in some step. All others do as in the clean twin.
 */
export function feederImpact(measured: DistrictLoads, labels: readonly string[]): FeederImpact {
  const loads = withAtOnce(measured);
  const buildings = loads.net['clean']!.length;
  const hostable = (homes: number): boolean => run(placed(homes, 'spread'), seriesOfSite('clean')).vmin >= tight;
  /** The same building twice: compromised where it stands at the site, and not. */
  function placed(homes: number, site: Site, ratingMva?: number): PlacedDistrict {
    const grid = builtinGrid('case33bw');
    const at: readonly number[] = sites[site];
    const all = spreadHomes(grid, homes, buildings).map((each) =>
      at.includes(each.bus) ? each : { ...each, building: each.building + buildings },
    );
    const options = { homes: all, background: { scale: background }, ratingMva };
    return placeDistrict(grid, options, 2 * buildings);
  }
  function seriesOfSite(label: string): DistrictSeries {
    const both = (of: DistrictLoads['net']): Float64Array[] =>
      [...of[label]!, ...of['clean']!].map((values) => Float64Array.from(values));
    return seriesOf(both(loads.net), both(loads.battery), 1);
  }
  let [low, high] = [8, 16];
  while (hostable(high) && high < 1e6) [low, high] = [high, 2 * high];
  while (high - low > 8) {
    const middle = 8 * Math.floor((low + high) / 16);
    if (hostable(middle)) low = middle;
    else high = middle;
  }
  const homes = low;
  const unit = run(placed(homes, 'spread', 1), seriesOfSite('clean'));
  const rating = unit.loading / loaded;
  const clean = { vmin: unit.vmin, loading: loaded };
  const attacks = Object.fromEntries(
    [...labels, atOnce].map((label) => {
      const series = seriesOfSite(label);
      const impact = (site: Site): SiteImpact => {
        const district = placed(homes, site, rating);
        const here = district.building.reduce((sum, b, k) => sum + (b < buildings ? district.count[k]! : 0), 0);
        const needed = (goal: Parameters<typeof shareNeeded>[3]): number | null => {
          const { share } = exhausted(shareNeeded(district, seriesOfSite('clean'), series, goal));
          return share === null ? null : share * here;
        };
        const most = run(district, series);
        return { homes: here, voltage: needed(voltageBelow(band)), overload: needed(loadingAbove(1)), ...most };
      };
      return [label, { spread: impact('spread'), head: impact('head'), end: impact('end') }] as const;
    }),
  );
  return { homes, clean, attacks };
}

/** Lowest voltage and highest loading of a series; a step without a solution has no voltage. */
function run(placed: PlacedDistrict, series: DistrictSeries): { readonly vmin: number; readonly loading: number } {
  const [record] = exhausted(solvePlaced(placed, [series])) as [GridRecord];
  if (record.converged.includes(0)) return { vmin: 0, loading: Infinity };
  return {
    vmin: record.vmin.reduce((lowest, v) => Math.min(lowest, v), Infinity),
    loading: record.loading.reduce((highest, share) => (share > highest ? share : highest), 0),
  };
}

function exhausted<Value>(work: Generator<number, Value, undefined>): Value {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}
