import type { AreaSystem } from './area-model.ts';
import type { AreaPlant } from './area-plant.ts';
import type { AreaRecorder } from './area-record.ts';
import type { AreaRunOptions } from './area-run.ts';
import type { FrequencyHistory } from './frequency-history.ts';
import { pickUpValue } from './shedding.ts';
import type { SheddingScheme } from './shedding.ts';
import type { RelayRule } from './timed-relay.ts';

/** What relays do. Areas from 0, stages and relays from 1, p.u. */
export interface RelayActs {
  readonly shed: (area: number, stage: number, share: number, t: number, x: Float64Array) => void;
  readonly lose: (
    kind: 'rocof-trip' | 'generator-trip',
    index: number,
    area: number,
    power: number,
    t: number,
    x: Float64Array,
  ) => void;
  readonly blackout: (area: number, t: number, x: Float64Array) => void;
}

/**
 * The relays of a run: stages of shedding in every area; relays of the slope, `|f(t) − f(t − T)|/T > limit` with T their window; plants that leave below or above a frequency;
 * and the bounds beyond which there is none left. Source: specs/grid.md 4.3, 4.4
 */
export function areaRelays(
  { areas, unit }: AreaSystem,
  plant: AreaPlant,
  recorder: AreaRecorder,
  history: FrequencyHistory,
  options: Pick<AreaRunOptions, 'relays' | 'trips' | 'survival'> & { readonly shedding: SheddingScheme },
  acts: RelayActs,
): RelayRule[] {
  const { shedding, relays = [], trips = [], survival } = options;
  const rules: RelayRule[] = [];
  for (let area = 0; area < areas.length; area++) {
    const hertz = (x: Float64Array): number => recorder.hertz(area, x);
    shedding.stages.forEach(({ share }, k) =>
      rules.push({
        delay: shedding.delay,
        value: (t, x) => pickUpValue(shedding, k, hertz(x), unit * plant.slope(area, t, x)),
        trip: (t, x) => acts.shed(area, k + 1, share, t, x),
      }),
    );
    if (survival !== undefined)
      rules.push({
        delay: 0,
        value: (_, x) => Math.min(hertz(x) - survival.low, survival.high - hertz(x)),
        trip: (t, x) => acts.blackout(area, t, x),
      });
  }
  relays.forEach(({ area, window, limit, delay, power }, k) => {
    const place = plant.places[area]!.frequency;
    rules.push({
      delay,
      value: (t, x) => limit - Math.abs((unit * (x[place]! - history.at(area, t - window))) / window),
      trip: (t, x) => acts.lose('rocof-trip', k + 1, area, power, t, x),
    });
  });
  trips.forEach(({ area, side, threshold, delay, power }, k) =>
    rules.push({
      delay,
      value: (_, x) => (side === 'below' ? 1 : -1) * (recorder.hertz(area, x) - threshold),
      trip: (t, x) => acts.lose('generator-trip', k + 1, area, power, t, x),
    }),
  );
  return rules;
}
