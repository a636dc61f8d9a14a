import { ConfigError } from '../../core/errors.ts';
import type { Place } from '../../core/errors.ts';
import type { BuildingData, CurvePoints, DeviceData, DeviceKey, DeviceKind, District } from '../data/dataset.ts';
import { checkEfficiency, curveOf, highestPower } from './battery-curve.ts';
import { interpolate, interpolateClamped } from './battery.ts';
import { defaultsOf } from './device-defaults.ts';
import type { Defaults } from './device-defaults.ts';
import type { Battery, Columns, Converter, Devices, Tank } from './model.ts';
import type { Profile } from './profile.ts';
import { converterSize, tankSize } from './sizing.ts';

type EndUse = 'cooling' | 'heating' | 'dhw';

/** What v1 puts in place of a size of 0, so that it need not look out when dividing. Source: specs/citylearn.md 6.5. */
const smallest = 1e-5;

/**
 * A building's devices under a profile, every default filled in and everything sized that is to be; sizes 0 where it has none.
 * Source: specs/citylearn.md 5.
 * @param columns of the whole simulation range, which sizing looks at; `solar` is not read
 * @throws {ConfigError} naming the attribute that makes no sense, or the device that cannot be sized.
 */
export function resolveDevices(data: BuildingData, district: District, profile: Profile, columns: Columns): Devices {
  const open = (key: DeviceKey, kinds: readonly DeviceKind[]): DeviceReader =>
    new DeviceReader(data, key, kinds, district, profile);
  const converter = (use: EndUse, kinds: readonly DeviceKind[], mode: 'cooling' | 'heating'): Converter =>
    converterOf(open(`${use}_device`, kinds), mode, columns[`${use}Demand`], columns.outdoor);
  const tank = (use: EndUse): Tank => tankOf(open(`${use}_storage`, ['StorageTank']), columns[`${use}Demand`]);
  const pv = open('pv', ['PV']);
  pv.refuseSizing('PySAM and the Tracking the Sun data');
  return {
    cooling: converter('cooling', ['HeatPump'], 'cooling'),
    heating: converter('heating', ['HeatPump', 'ElectricHeater'], 'heating'),
    dhw: converter('dhw', ['ElectricHeater', 'HeatPump'], 'heating'),
    coolingTank: tank('cooling'),
    heatingTank: tank('heating'),
    dhwTank: tank('dhw'),
    battery: batteryOf(open('electrical_storage', ['Battery'])),
    pvNominalPower: pv.size('nominal_power'),
  };
}

function converterOf(
  device: DeviceReader,
  mode: 'cooling' | 'heating',
  demand: Float64Array,
  outdoor: Float64Array,
): Converter {
  const { defaults, kind, profile } = device;
  const isHeater = kind === 'ElectricHeater';
  const converter = {
    kind: isHeater ? ('ElectricHeater' as const) : ('HeatPump' as const),
    efficiency: device.efficiency(isHeater ? defaults.value(0.9, 0.9, 0.99) : defaults.value(0.2, 0.2, 0.3)),
    targetHeating: device.number('target_heating_temperature', defaults.value(45, 45, 50), -273.15, Infinity),
    targetCooling: device.number('target_cooling_temperature', defaults.value(8, 7, 10), -273.15, Infinity),
  };
  const nominalPower = device.autosize
    ? device.notZero(converterSize(converter, mode, demand, outdoor, profile.float32, device.safetyFactor(1)))
    : device.size('nominal_power');
  return { ...converter, nominalPower };
}

function tankOf(device: DeviceReader, demand: Float64Array): Tank {
  const { defaults, profile } = device;
  const capacity = device.autosize
    ? device.notZero(tankSize(demand, device.safetyFactor(defaults.value(1, 1, 2))))
    : device.size('capacity');
  device.refuseScaling();
  return {
    capacity,
    efficiency: device.efficiency(defaults.value(0.9, 0.9, 0.98)),
    lossCoefficient: device.number('loss_coefficient', defaults.loss(0.006, 0.001, 0.009), 0, 1),
    initialSoc: device.number('initial_soc', 0, 0, profile.alignment === 'split' ? capacity : 1),
    maxInputPower: device.number('max_input_power', Infinity, 0, Infinity),
    maxOutputPower: device.number('max_output_power', Infinity, 0, Infinity),
  };
}

const fixedPowerEfficiency: CurvePoints = [
  [0, 0.83],
  [0.3, 0.83],
  [0.7, 0.9],
  [0.8, 0.9],
  [1, 0.85],
];
const fixedCapacityPower: CurvePoints = [
  [0, 1],
  [0.8, 1],
  [1, 0.2],
];

function batteryOf(device: DeviceReader): Battery {
  const { defaults, profile } = device;
  const sampled = profile.defaults === 'sampled';
  const isV1 = profile.alignment === 'split';
  const draw = (low: number, high: number): number => defaults.value(low, low, high);
  device.refuseSizing('the data of battery models');
  device.refuseScaling();
  const capacity = device.size('capacity');
  const efficiency = device.efficiency(defaults.value(0.9, 0.9, 0.98));
  const depthOfDischarge = device.number('depth_of_discharge', 1, 0, 1);
  const efficiencyPoints = (): CurvePoints => [
    [0, draw(efficiency * 0.85, efficiency * 0.9)],
    [draw(0.25, 0.35), draw(efficiency * 0.9, efficiency * 0.95)],
    [draw(0.65, 0.75), draw(efficiency * 0.98, efficiency * 1)],
    [draw(0.75, 0.85), efficiency],
    [1, draw(efficiency * 0.95, efficiency * 0.98)],
  ];
  const powerPoints = (): CurvePoints => [
    [0, draw(0.95, 1)],
    [draw(0.75, 0.85), draw(0.9, 0.95)],
    [1, draw(0.2, 0.3)],
  ];
  const efficiencyCurve =
    device.curve('power_efficiency_curve') ?? (sampled ? efficiencyPoints() : fixedPowerEfficiency);
  const powerCurve = device.curve('capacity_power_curve') ?? (sampled ? powerPoints() : fixedCapacityPower);
  const efficiencyPlace = device.place('attributes/power_efficiency_curve');
  const powerPlace = device.place('attributes/capacity_power_curve');
  const powerEfficiency = curveOf(efficiencyCurve, 'power_efficiency_curve', efficiencyPlace);
  const capacityPower = curveOf(powerCurve, 'capacity_power_curve', powerPlace);
  const isV3 = profile.battery === 'v3';
  const lookup = isV3 ? interpolateClamped : interpolate;
  const most = highestPower(capacityPower, lookup, powerPlace);
  checkEfficiency(powerEfficiency, lookup, isV3 ? 1 : most, efficiencyPlace);
  return {
    capacity,
    nominalPower: device.size('nominal_power'),
    efficiency,
    lossCoefficient: device.number('loss_coefficient', defaults.loss(0.006, 0.001, 0.009), 0, 1),
    capacityLossCoefficient: device.number('capacity_loss_coefficient', defaults.value(1e-5, 1e-5, 1e-4), 0, 1),
    initialSoc: isV1
      ? device.number('initial_soc', 0, 0, capacity)
      : device.number('initial_soc', 1 - depthOfDischarge, 0, 1),
    depthOfDischarge,
    powerEfficiency,
    capacityPower,
  };
}

/** Reads one device of a schema, which may be absent. */
class DeviceReader {
  readonly defaults: Defaults;
  /** The first of the allowed ones where the device is absent. */
  readonly kind: DeviceKind;
  readonly autosize: boolean;
  readonly profile: Profile;
  readonly #device: DeviceData | undefined;
  readonly #file: string;
  readonly #path: string;

  constructor(data: BuildingData, key: DeviceKey, kinds: readonly DeviceKind[], district: District, profile: Profile) {
    const device = data.devices[key];
    this.#device = device;
    this.#file = district.name;
    this.#path = `/buildings/${data.name}/${key}`;
    this.profile = profile;
    this.autosize = device?.autosize === true;
    this.kind = device?.kind ?? kinds[0]!;
    if (!kinds.includes(this.kind))
      throw new ConfigError(`is a ${device?.className ?? this.kind}, expected ${kinds.join(' or ')}`, {
        place: this.place('type'),
      });
    this.defaults = defaultsOf(data, key, district, profile);
  }

  place(path: string): Place {
    return { file: this.#file, path: `${this.#path}/${path}` };
  }

  /** A number within bounds, or what is meant where there is none. */
  number(name: string, absent: number, low: number, high: number): number {
    const value = this.#device?.attributes[name] ?? absent;
    if (typeof value === 'number' && value >= low && value <= high) return value;
    const expected = high < Infinity ? `in [${low}, ${high}]` : `≥ ${low}`;
    throw new ConfigError(`${name} is ${JSON.stringify(value)}, expected a number ${expected}`, {
      place: this.place(`attributes/${name}`),
    });
  }

  efficiency(absent: number): number {
    const value = this.number('efficiency', absent, 0, 1);
    if (value > 0) return value;
    throw new ConfigError('efficiency is 0, expected a number in (0, 1]', {
      place: this.place('attributes/efficiency'),
    });
  }

  /** kW or kWh. */
  size(name: 'nominal_power' | 'capacity'): number {
    const value = this.number(name, 0, 0, Infinity);
    if (value < Infinity) return this.notZero(value);
    throw new ConfigError(`${name} is ${value}, expected a finite number`, { place: this.place(`attributes/${name}`) });
  }

  notZero(size: number): number {
    return size === 0 && this.profile.alignment === 'split' ? smallest : size;
  }

  safetyFactor(absent: number): number {
    const value = this.#device?.autosizeAttributes['safety_factor'] ?? absent;
    if (value >= 0 && value < Infinity) return value;
    throw new ConfigError(`safety_factor is ${value}, expected a number ≥ 0`, {
      place: this.place('autosize_attributes/safety_factor'),
    });
  }

  curve(name: string): CurvePoints | null {
    const value = this.#device?.attributes[name] ?? null;
    if (typeof value !== 'number') return value;
    throw new ConfigError(`${name} is ${value}, expected points [[x, y], …]`, {
      place: this.place(`attributes/${name}`),
    });
  }

  refuseSizing(needs: string): void {
    if (this.autosize)
      throw new ConfigError(`is to be sized, which needs ${needs} and is not simulated; expected a size`, {
        place: this.place('autosize'),
      });
  }

  /** v1 can raise efficiencies to another power than ½; no data set does. */
  refuseScaling(): void {
    const scaling = this.number('efficiency_scaling', 0.5, 0, Infinity);
    if (scaling !== 0.5)
      throw new ConfigError(`efficiency_scaling is ${scaling}, expected 0.5: no other one is simulated`, {
        place: this.place('attributes/efficiency_scaling'),
      });
  }
}
