/** What the rules of a building look at; each is a number of a window in [−1, 1]. */
export const equations = ['tariff', 'night', 'forecast', 'energy', 'soc', 'ramp', 'direction'] as const;
export type Equation = (typeof equations)[number];

/** A kind of incident: how the controller's observations are attacked, and what a rule book would say that it looks like. */
export interface IncidentType {
  readonly name: string;
  readonly attack: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Features, or groups, that it leaves alone beside the calendar. */
  readonly spared: readonly string[];
  /** Equations that it violates, by what it touches and wants: 1; −1 where it holds; the direction of the action is signed. */
  readonly signature: Readonly<Record<Equation, number>>;
}

const steps = { steps: 3 };
const outside = ['price', 'carbon', 'load', 'solar', 'storage', 'net'];
const everything = { tariff: 1, night: 1, forecast: 1, energy: 1, soc: 1 };
const measured = [
  'outdoor_dry_bulb_temperature',
  'outdoor_relative_humidity',
  'diffuse_solar_irradiance',
  'direct_solar_irradiance',
];

/** In the order in which a study with fewer of them takes them. */
export const incidentTypes: readonly IncidentType[] = [
  {
    name: 'toggle',
    attack: 'pgd',
    config: { target: 'toggle', ...steps },
    spared: [],
    signature: { ...everything, ramp: 1, direction: 0 },
  },
  {
    name: 'weather',
    attack: 'pgd',
    config: steps,
    spared: outside,
    signature: { tariff: -1, night: 1, forecast: 1, energy: -1, soc: -1, ramp: -1, direction: 0 },
  },
  {
    name: 'meter',
    attack: 'pgd',
    config: steps,
    spared: ['weather', 'price', 'carbon'],
    signature: { tariff: -1, night: 1, forecast: -1, energy: 1, soc: 1, ramp: -1, direction: 0 },
  },
  {
    name: 'noise',
    attack: 'random-noise',
    config: {},
    spared: [],
    signature: { ...everything, ramp: -1, direction: 0 },
  },
  {
    name: 'charge',
    attack: 'pgd',
    config: { target: 'charge', ...steps },
    spared: [],
    signature: { ...everything, ramp: -1, direction: 1 },
  },
  {
    name: 'discharge',
    attack: 'pgd',
    config: { target: 'discharge', ...steps },
    spared: [],
    signature: { ...everything, ramp: -1, direction: -1 },
  },
  {
    name: 'forecasts',
    attack: 'pgd',
    config: steps,
    spared: [...outside, ...measured],
    signature: { tariff: -1, night: 1, forecast: 1, energy: -1, soc: -1, ramp: -1, direction: 0 },
  },
  {
    name: 'delay',
    attack: 'sensor-delay',
    config: { steps: 3 },
    spared: [],
    signature: { ...everything, ramp: -1, direction: 0 },
  },
];

/** What the rules say of a day without an incident. */
export const cleanSignature: IncidentType['signature'] = {
  tariff: -1,
  night: -1,
  forecast: -1,
  energy: -1,
  soc: -1,
  ramp: -1,
  direction: 0,
};
