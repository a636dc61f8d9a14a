import type { ThreatModel } from '../../core/attack.ts';
import type { ActionCertificate } from '../../core/certificate.ts';
import type { BoxedPlant } from '../../core/plant.ts';
import type { Head } from '../../core/policy.ts';
import { threatSet } from '../ball/threat-set.ts';
import type { CertifiedActions } from './bound.ts';

/**
 * Ends of the actions in boxes of states: those that `certificate` gives for all that may be observed in the box, grown by the threat set.
 * Of a norm other than L-inf the smallest box around the set stands in for it, and constraints are left out: both only add to what is
 * certified.
 */
export function certifiedReach(
  plant: BoxedPlant,
  certificate: ActionCertificate,
  head: Head,
  threat: ThreatModel,
): CertifiedActions {
  const size = threat.epsilon.length;
  const set = threatSet(threat);
  return {
    values: head.kind === 'categorical' ? head.values.toSorted((a, b) => a - b) : undefined,
    bounds(t, low, high, rows, attacked, lowest, highest) {
      const seen = { low: new Float32Array(rows * size), high: new Float32Array(rows * size) };
      for (let row = 0; row < rows; row++)
        plant.observeBox(t, low, high, row * plant.stateSize, seen.low, seen.high, row * size);
      if (attacked) {
        // The ends of a set grow with the observation it is around.
        const other = new Float32Array(rows * size);
        const ends = { low: new Float32Array(rows * size), high: new Float32Array(rows * size) };
        set.around(seen.low, rows, threat);
        set.bounds(ends.low, other);
        set.around(seen.high, rows, threat);
        set.bounds(other, ends.high);
        certificate.bounds(ends.low, ends.high, rows, lowest, highest);
      } else certificate.bounds(seen.low, seen.high, rows, lowest, highest);
    },
  };
}
