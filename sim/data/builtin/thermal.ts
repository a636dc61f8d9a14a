/** A building as one thermal mass, with a thermostat. */
export interface Envelope {
  /** Heat loss, kW/K. */
  readonly conductance: number;
  /** Thermal mass, kWh/K. */
  readonly mass: number;
  /** South-facing glass that lets the sun in, m² (shading and transmittance included). */
  readonly aperture: number;
  readonly heating: 'gas' | 'heat-pump' | 'resistance';
  /** Largest heat the plant can move, kW; 0 means no cooling plant. */
  readonly heatingPower: number;
  readonly coolingPower: number;
  /** °C, while people are there; otherwise the thermostat gives way by `setback` K. */
  readonly heatTo: number;
  readonly coolTo: number;
  readonly setback: number;
}

/** What one hour did. */
export interface ThermalStep {
  /** °C at the hour's end. */
  indoor: number;
  /** Electricity for heating and cooling, kWh. */
  electricity: number;
}

/**
 * One hour of the building: C dT/dt = UA (T_out − T) + gains + plant, explicit Euler, an ideal thermostat within the plant's power.
 *
 * `sun` is global irradiance in W/m², `gains` is heat from people and appliances in kW. Writes into `step`, whose `indoor` is the state.
 * COP of heat pumps falls linearly with the temperature lift; gas heating needs only its fans and pumps (3 % of the heat).
 */
export function thermalStep(
  step: ThermalStep,
  envelope: Envelope,
  outdoor: number,
  sun: number,
  gains: number,
  occupied: boolean,
): void {
  const give = occupied ? 0 : envelope.setback;
  const heatTo = envelope.heatTo - give;
  const coolTo = envelope.coolTo + give;
  const flow = envelope.conductance * (outdoor - step.indoor) + gains + (envelope.aperture * sun) / 1000;
  const free = step.indoor + flow / envelope.mass;
  step.electricity = 0;
  step.indoor = free;
  if (free < heatTo) {
    const heat = Math.min((heatTo - free) * envelope.mass, envelope.heatingPower);
    step.indoor = free + heat / envelope.mass;
    step.electricity = heat * heatingElectricity(envelope.heating, outdoor);
  } else if (free > coolTo && envelope.coolingPower > 0) {
    const cold = Math.min((free - coolTo) * envelope.mass, envelope.coolingPower);
    step.indoor = free - cold / envelope.mass;
    step.electricity = cold / Math.max(4.2 - 0.07 * (outdoor - 22), 2);
  }
}

/** kWh of electricity per kWh of heat. */
function heatingElectricity(kind: Envelope['heating'], outdoor: number): number {
  if (kind === 'gas') return 0.03;
  if (kind === 'resistance') return 1;
  return 1 / Math.max(3.3 + 0.08 * (outdoor - 7), 1.8);
}
