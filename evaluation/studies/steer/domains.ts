import type { Rng } from '../../../core/rng.ts';
import { pairs, zipf } from './grammar.ts';
import type { Grammar } from './grammar.ts';
import { scenarioGrammar } from './scenarios.ts';

const buses = ['bus-1', 'bus-2', 'bus-3', 'bus-4', 'bus-5', 'bus-6'];
const times = ['dawn', 'noon', 'dusk', 'midnight'];
const crews = ['crew-north', 'crew-south', 'crew-east', 'crew-west'];

/** What can be said in a world. */
export interface Richness {
  /** Share of the pairs of words of two slots that go together. */
  readonly coherence: number;
  /** Values of each slot that a rule is about, of the eight (or fewer) there are. */
  readonly words: number;
}

/** A domain's grammar in one world: which of its words go together is drawn. */
export type Domain = (richness: Richness, rng: Rng) => Grammar;

/** Two rules in a row, of the first slot with the second and of the second with the third. */
function chained(
  template: string,
  ruled: readonly [string, string, string],
  values: Grammar['slots'],
  spread: string,
): Domain {
  const [first, second, third] = ruled;
  return ({ coherence, words }, rng) => {
    const slots = { ...values, ...Object.fromEntries(ruled.map((slot) => [slot, values[slot]!.slice(0, words)])) };
    const near = pairs(slots[first]!, slots[second]!, coherence, rng.split(first));
    const far = pairs(slots[second]!, slots[third]!, coherence, rng.split(second));
    return {
      template,
      slots,
      spread,
      prevalence: zipf(slots[spread]!.length, rng.split('prevalence')),
      combination: ruled,
      coherent: (fields) => near(fields[first]!, fields[second]!) && far(fields[second]!, fields[third]!),
    };
  };
}

/** Attacks in words: the demonstration of specs/logit-methods.md 4.3. */
const attacks = chained(
  'attacker {vector} the {asset} at {bus} causing {effect} at {time}',
  ['vector', 'asset', 'effect'],
  {
    vector: ['spoofs', 'floods', 'delays', 'replays', 'jams', 'hijacks', 'corrupts', 'silences'],
    asset: ['inverter', 'relay', 'meter', 'charger', 'battery', 'transformer', 'breaker', 'sensor'],
    bus: buses,
    effect: ['overload', 'blackout', 'islanding', 'flicker', 'ramping', 'overcharge', 'undervoltage', 'tripping'],
    time: times,
  },
  'vector',
);

const alarms = chained(
  'alarm {severity} {device} of {bus} reports {fault} since {time}',
  ['device', 'fault', 'severity'],
  {
    severity: ['minor', 'major', 'critical', 'fatal'],
    device: ['recloser', 'capacitor', 'regulator', 'gateway', 'feeder-relay', 'tap-changer', 'phasor-unit', 'fuse'],
    bus: buses,
    fault: ['overcurrent', 'stale-data', 'phase-loss', 'drift', 'overheating', 'no-reply', 'bad-checksum', 'chatter'],
    time: times,
  },
  'fault',
);

const tickets = chained(
  'ticket why does the {part} of {bus} show {symptom} and should {crew} {action} it',
  ['part', 'symptom', 'action'],
  {
    part: ['bushing', 'winding', 'busbar', 'insulator', 'contactor', 'cooling-fan', 'display', 'antenna'],
    bus: buses,
    symptom: ['rust', 'leaks', 'noise', 'cracks', 'sparks', 'wear', 'smoke', 'moisture'],
    crew: crews,
    action: ['replace', 'clean', 'tighten', 'repaint', 'isolate', 'test', 'dry', 'lubricate'],
  },
  'symptom',
);

/** What experts are made for. `scenarios` has the rule of this project: its own schema. */
export const domains = {
  attacks,
  scenarios: (_richness, rng) => scenarioGrammar(rng),
  alarms,
  tickets,
} satisfies Record<string, Domain>;

export type DomainName = keyof typeof domains;

/** What else there is to read: no rules, every word as likely as the next. A line's first word is its kind, as in a log. */
export const generic: readonly Grammar[] = [
  free('weather {sky} over {bus} at {time}', { sky: ['sun', 'clouds', 'rain', 'snow'], bus: buses, time: times }),
  free('maintenance of {bus} by {crew} at {time}', { bus: buses, crew: crews.slice(0, 3), time: times }),
  free('event {level} {signal} at {bus}', {
    level: ['info', 'notice', 'warning'],
    signal: ['restart', 'login', 'update'],
    bus: buses,
  }),
];

function free(template: string, slots: Grammar['slots']): Grammar {
  return { template, slots, coherent: () => true, spread: Object.keys(slots)[0]!, combination: Object.keys(slots) };
}
