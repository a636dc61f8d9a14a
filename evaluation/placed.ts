import { ConfigError, FaultlineError, formatPlace, UnknownNameError } from '../core/errors.ts';

/**
 * Does a part of a scenario's work; what is wrong with the scenario is said with the part's pointer, where it has none of its own.
 * @param always also in place of a pointer of its own: what was opened by name does not know who named it
 */
export async function placedIn<Result>(path: string, work: () => Promise<Result>, always = false): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof UnknownNameError)) throw error;
    if (error.place !== undefined && !always) throw error;
    throw new ConfigError(bare(error), { place: { path }, cause: error });
  }
}

/** A message without its place. */
function bare({ message, place }: FaultlineError): string {
  const prefix = place === undefined ? '' : `${formatPlace(place)}: `;
  return message.startsWith(prefix) ? message.slice(prefix.length) : message;
}
