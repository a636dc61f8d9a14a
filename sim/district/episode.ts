import { ConfigError } from '../../core/errors.ts';
import type { District } from '../data/dataset.ts';
import { RandomState } from './numpy-random.ts';

/** Rows of one episode within the simulation range: `rows` of them from `start`. */
export interface EpisodeWindow {
  readonly start: number;
  readonly rows: number;
}

/**
 * The windows that a district's range is cut into: given [start, end] pairs, or every `timeSteps` rows (rolling: from every row), the
 * incomplete tail dropped. Source: specs/citylearn.md 3.
 * @throws {ConfigError} where no window fits.
 */
export function episodeWindows({ episodes, start, end, name }: District): readonly EpisodeWindow[] {
  const { timeSteps, rolling } = episodes;
  const total = end - start + 1;
  const place = { file: name, path: '/episode_time_steps' };
  if (timeSteps === null) return [{ start: 0, rows: total }];
  if (typeof timeSteps !== 'number') {
    if (timeSteps.length === 0)
      throw new ConfigError('a list of no episodes, expected at least one [first, last]', { place });
    return timeSteps.map(([first, last]) => {
      if (first < start || last > end || last <= first)
        throw new ConfigError(`episode [${first}, ${last}], expected two rows within ${start} … ${end}`, { place });
      return { start: first - start, rows: last - first + 1 };
    });
  }
  if (timeSteps < 2 || timeSteps > total)
    throw new ConfigError(`episodes of ${timeSteps} rows, expected 2 … ${total}`, { place });
  const windows: EpisodeWindow[] = [];
  const by = rolling ? 1 : timeSteps;
  for (let at = 0; at + timeSteps <= total; at += by) windows.push({ start: at, rows: timeSteps });
  return windows;
}

/** Which window the n-th reset takes: one after another, or drawn as CityLearn draws it (which never takes the last one). */
export function windowOf(district: District, windows: readonly EpisodeWindow[], reset: number): EpisodeWindow {
  if (!district.episodes.random || windows.length < 2) return windows[reset % windows.length]!;
  // CityLearn ends where the product leaves 32 bits; here its lower ones go on.
  const draw = new RandomState((district.randomSeed * (reset + 1)) % 0x1_0000_0000);
  return windows[draw.choice(windows.length - 1)]!;
}
