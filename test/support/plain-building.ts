import type { BuildingModel, Converter, Curve, Tank } from '../../sim/district/model.ts';

/*
 * One CityLearn building written again, plainly: series by time index, a list of things to do that is reordered, one function a thing. It shares
 * no code with the engine. Sources: CityLearn 2.1 and 2.3 building.py and energy_model.py, master of October 2025, 3.0.0; specs/citylearn.md 5, 6, 9.
 */

export const uses = ['cooling', 'heating', 'dhw'] as const;
export type Use = (typeof uses)[number];
export type Release = 'v2.0' | 'v2.1' | 'v2.3' | 'head' | 'v3';
/** By CityLearn's names; what is missing is not controlled. */
export type Actions = Readonly<Record<string, number>>;

interface Series {
  readonly demand: number[];
  readonly from: number[];
  readonly consumption: number[];
  readonly balance: number[];
  readonly soc: number[];
}

export class PlainBuilding {
  readonly use: Readonly<Record<Use, Series>>;
  readonly net: number[];
  readonly cost: number[];
  readonly emission: number[];
  readonly withoutStorage: number[];
  readonly withoutPartialLoad: number[];
  readonly load: number[];
  readonly served: number[];
  readonly battery: { soc: number[]; balance: number[]; consumption: number[]; capacity: number; efficiency: number };
  readonly #release: Release;
  readonly #m: BuildingModel;
  readonly #outage: ArrayLike<number>;
  readonly #ratio: number;
  readonly #dt: number;
  readonly #first: number;
  readonly #rows: number;
  readonly #f: (x: number) => number;

  constructor(release: Release, m: BuildingModel, first: number, rows: number, outage: ArrayLike<number>, ratio = 1) {
    const f = release === 'v2.0' ? (x: number): number => x : Math.fround;
    const zeros = (): number[] => Array.from({ length: rows }, () => 0);
    const file = (column: Float64Array): number[] => [...column.subarray(first, first + rows)];
    const { devices, columns } = m;
    this.#release = release;
    this.#m = m;
    this.#outage = outage;
    this.#ratio = ratio;
    this.#dt = m.hoursPerStep;
    this.#first = first;
    this.#rows = rows;
    this.#f = f;
    this.use = Object.fromEntries(
      uses.map((use) => {
        const demand = file(columns[`${use}Demand`]);
        const soc = zeros();
        soc[0] = f(devices[`${use}Tank`].initialSoc);
        return [use, { demand, from: [...demand], consumption: zeros(), balance: zeros(), soc }];
      }),
    ) as unknown as Record<Use, Series>;
    [this.net, this.cost, this.emission, this.withoutStorage] = [zeros(), zeros(), zeros(), zeros()];
    [this.withoutPartialLoad, this.load] = [zeros(), zeros()];
    this.served = file(columns.load);
    const { battery } = devices;
    const soc = zeros();
    soc[0] = f(release === 'v3' ? Math.max(battery.initialSoc, 1 - battery.depthOfDischarge) : battery.initialSoc);
    this.battery = {
      soc,
      balance: zeros(),
      consumption: zeros(),
      capacity: battery.capacity,
      efficiency: battery.efficiency,
    };
    this.#update(0);
  }

  /** The k-th action. */
  step(k: number, actions: Actions, controlled = false): void {
    const acting = this.#release === 'head' || this.#release === 'v3' ? k : k + 1;
    if (this.#release === 'v3' && acting === 0) {
      for (const use of uses) this.use[use].consumption[0] = 0;
      this.load[0] = 0;
    }
    if (controlled) this.#control(acting, actions);
    const a = (name: string): number => actions[name] ?? 0;
    const list: string[] = [
      ...uses.flatMap((use) => [`${use}_device`, `${use}_storage`]),
      'load',
      'electrical_storage',
    ];
    if (a('electrical_storage') < 0) list.unshift(list.pop()!);
    for (const use of uses) {
      if (!(a(`${use}_storage`) < 0)) continue;
      const storage = list.indexOf(`${use}_storage`);
      const device = list.indexOf(`${use}_device`);
      [list[storage], list[device]] = [list[device]!, list[storage]!];
    }
    for (const todo of list) {
      if (todo === 'load') this.#serve(acting);
      else if (todo === 'electrical_storage') this.#runBattery(acting, a(todo));
      else if (todo.endsWith('_device')) this.#device(acting, todo.replace('_device', '') as Use);
      else this.#tank(acting, todo.replace('_storage', '') as Use, a(todo));
    }
    this.#update(acting);
    if (this.#release === 'v3') this.#leave(acting);
  }

  /** kWh thermal per kWh electric. */
  #output(t: number, use: Use): number {
    return ratioOf(this.#m.devices[use], use === 'cooling', this.#m.columns.outdoor[this.#first + t]!);
  }

  #solar(t: number): number {
    return this.#m.columns.solar[this.#first + t]!;
  }

  #sum(t: number): number {
    const f = this.#f;
    const devices = f(
      f(this.use.cooling.consumption[t]! + this.use.heating.consumption[t]!) + this.use.dhw.consumption[t]!,
    );
    return f(f(devices + this.load[t]!) + this.battery.consumption[t]!);
  }

  #flexibility(t: number): number {
    if (this.#outage[t] === 0) return Infinity;
    const left = Math.abs(this.#solar(t)) - this.#sum(t);
    return Math.max(0, this.#release === 'head' ? left : this.#f(left));
  }

  #most(t: number, use: Use, power: number): number {
    const available = this.#m.devices[use].nominalPower - this.use[use].consumption[t]!;
    return Math.min(power, available) * this.#output(t, use);
  }

  #book(t: number, use: Use, input: number): void {
    const { consumption } = this.use[use];
    consumption[t] = this.#f(consumption[t]! + input * this.#ratio);
  }

  #control(t: number, actions: Actions): void {
    const mode = this.#m.columns.named['hvac_mode']![this.#first + t]!;
    const both = actions['cooling_or_heating_device'];
    for (const [use, own] of [
      ['cooling', 1],
      ['heating', 2],
    ] as const) {
      const asked =
        both === undefined
          ? actions[`${use}_device`]
          : Math.abs(use === 'cooling' ? Math.min(both, 0) : Math.max(both, 0));
      if (asked === undefined) continue;
      const hours = use === 'cooling' && (this.#release === 'head' || this.#release === 'v3') ? this.#dt : 1;
      const runs = mode === own || (mode === 3 && this.#release !== 'v2.0' && this.#release !== 'v2.1');
      const power = asked * this.#m.devices[use].nominalPower * hours;
      this.use[use].demand[t] = runs ? this.#f(this.#most(t, use, power)) : 0;
    }
  }

  #device(t: number, use: Use): void {
    const one = this.use[use];
    const fromTank = -Math.min(one.balance[t]!, 0);
    const heat = Math.min(this.#f(one.demand[t]! - fromTank), this.#most(t, use, this.#flexibility(t)));
    one.from[t] = this.#f(heat);
    this.#book(t, use, Math.max(0, heat / this.#output(t, use)));
  }

  #tank(t: number, use: Use, action: number): void {
    const { devices } = this.#m;
    const head = this.#release === 'head';
    const scale = head ? { cooling: 'cooling', heating: 'cooling', dhw: 'heating' }[use] : use;
    const hours = this.#release === 'v3' || (head && use !== 'cooling') ? this.#dt : 1;
    const asked = action * devices[`${scale as Use}Tank`].capacity * hours;
    const one = this.use[use];
    const energy =
      asked > 0 ? Math.min(this.#most(t, use, this.#flexibility(t)), asked) : Math.max(-one.demand[t]!, asked);
    this.#charge(t, one, devices[`${use}Tank`], energy);
    this.#book(t, use, Math.max(one.balance[t]!, 0) / this.#output(t, use));
  }

  #charge(t: number, { soc, balance }: Series, tank: Tank, asked: number): void {
    const f = this.#f;
    const v3 = this.#release === 'v3';
    const power = v3 ? this.#dt : 1;
    const energy =
      asked >= 0 ? Math.min(asked, tank.maxInputPower * power) : Math.max(-tank.maxOutputPower * power, asked);
    const loss = this.#release === 'head' ? tank.lossCoefficient * this.#ratio : tank.lossCoefficient;
    const before = v3 || t === 0 ? soc[t]! : soc[t - 1]!;
    const start = Math.max(0, v3 ? before * tank.capacity : before * tank.capacity * (1 - loss));
    const way = Math.sqrt(tank.efficiency);
    const end = energy >= 0 ? Math.min(start + energy * way, tank.capacity) : Math.max(0, start + energy / way);
    soc[t] = f(end / Math.max(tank.capacity, 1e-6));
    balance[t] = f(end - start >= 0 ? (end - start) / way : (end - start) * way);
  }

  #serve(t: number): void {
    const load = Math.min(this.#m.columns.load[this.#first + t]!, this.#flexibility(t));
    this.served[t] = this.#f(load);
    this.load[t] = this.#f(this.load[t]! + load * this.#ratio);
  }

  #runBattery(t: number, action: number): void {
    const { battery: b } = this.#m.devices;
    const s = this.battery;
    const f = this.#f;
    const C = b.capacity;
    const P = b.nominalPower;
    const per = Math.max(P, 1e-6);
    const nominal = this.#release === 'head' || this.#release === 'v3';
    const v3 = this.#release === 'v3';
    const taken = v3 ? Math.min(Math.max(action, -1), 1) : action;
    let asked = Math.min(nominal ? taken * P * this.#dt : taken * C, this.#flexibility(t));
    if (v3 && asked < 0 && this.#outage[t] !== 0) asked = Math.max(asked, -this.#localLoad(t));
    const before = v3 || t === 0 ? s.soc[t]! : s.soc[t - 1]!;
    const reserve = (1 - b.depthOfDischarge) * C;
    const start = v3 ? Math.max(reserve, before * C) : Math.max(0, before * C * (1 - b.lossCoefficient));
    const limit = P * at(b.capacityPower, start / Math.max(C, 1e-6), v3);
    let energy: number;
    if (v3) {
      const most = Math.max(limit, 0) * this.#dt;
      const size = Math.abs(asked);
      energy = Math.min(size, most);
      for (const _ of [1, 2]) {
        s.efficiency = at(b.powerEfficiency, Math.min(energy / this.#dt / per, 1), true);
        const way = Math.sqrt(s.efficiency);
        const room = asked >= 0 ? Math.max(s.capacity - start, 0) / way : Math.max(start - reserve, 0) * way;
        energy = Math.min(size, most, room);
      }
      if (asked < 0) energy = -energy;
    } else if (this.#release === 'v2.0') {
      const out = -Math.max((before - 1 + b.depthOfDischarge) * C * s.efficiency, 0);
      energy = asked >= 0 ? Math.min(limit, s.capacity - start, asked) : Math.max(-limit, out, asked);
      s.efficiency = at(b.powerEfficiency, Math.abs(energy) / per, false);
    } else {
      const out = -Math.max((before - (1 - b.depthOfDischarge)) * C * Math.sqrt(s.efficiency), 0);
      energy =
        asked >= 0 ? Math.min(limit, P - s.consumption[t]!, s.capacity - start, asked) : Math.max(-limit, out, asked);
      const requested = Math.abs(asked >= 0 ? Math.min(asked, limit) : Math.min(-asked, limit));
      s.efficiency = at(b.powerEfficiency, (this.#release === 'v2.1' ? Math.abs(energy) : requested) / per, false);
    }
    const way = Math.sqrt(s.efficiency);
    const end = energy >= 0 ? Math.min(start + energy * way, C) : Math.max(v3 ? reserve : 0, start + energy / way);
    s.soc[t] = f(end / Math.max(C, 1e-6));
    s.balance[t] = f(end - start >= 0 ? (end - start) / way : (end - start) * way);
    s.capacity = Math.max(
      s.capacity - (b.capacityLossCoefficient * C * Math.abs(s.balance[t]!)) / (2 * Math.max(s.capacity, 1e-6)),
      0,
    );
    s.consumption[t] = f(s.consumption[t]! + s.balance[t]!);
  }

  /** What a battery may give in v3's outage: the loads beyond the panels, at the time it is asked. */
  #localLoad(t: number): number {
    const devices = uses.map(
      (use) => (this.use[use].from[t]! * this.#ratio + this.use[use].balance[t]!) / this.#output(t, use),
    );
    const kw = [...devices, this.served[t]! * this.#ratio, this.#solar(t)].reduce(
      (sum, kwh) => sum + kwh / this.#dt,
      0,
    );
    return Math.max(kw, 0) * this.#dt;
  }

  #update(t: number): void {
    const f = this.#f;
    const { devices, columns } = this.#m;
    const row = this.#first + t;
    const v3 = this.#release === 'v3';
    if (t === 0) {
      for (const use of uses) {
        const one = this.use[use];
        const borrows = use === 'heating' && devices.heating.kind === 'ElectricHeater' && !v3;
        const output = borrows ? devices.dhw.efficiency : this.#output(0, use);
        if (v3) one.consumption[0] = f(Math.max(0, (one.from[0]! * this.#ratio + one.balance[0]!) / output));
        else this.#book(0, use, f(one.from[0]! + one.balance[0]!) / output);
      }
      this.load[0] = v3 ? f(this.served[0]! * this.#ratio) : f(this.load[0]! + this.served[0]! * this.#ratio);
      if (!v3) this.battery.consumption[0] = f(this.battery.consumption[0]! + this.battery.balance[0]!);
      if (v3 && this.#outage[0] !== 0) this.#cut();
    }
    const solar = this.#solar(t);
    const exact = this.#sum(t) + solar;
    const net = this.#outage[t] !== 0 ? 0 : this.#release === 'head' ? exact : f(exact);
    this.net[t] = f(net);
    this.cost[t] = f((v3 ? Math.max(net, 0) : net) * columns.price[row]!);
    this.emission[t] = f(Math.max(0, net * columns.carbon[row]!));
    this.#baselines(t);
  }

  #cut(): void {
    let left = Math.abs(this.#solar(0)) + Math.max(-this.battery.consumption[0]!, 0);
    const load = Math.min(this.load[0]!, left);
    this.load[0] = this.#f(load);
    left -= load;
    for (const use of uses.toReversed()) {
      const served = Math.min(this.use[use].consumption[0]!, left);
      this.use[use].consumption[0] = this.#f(served);
      left -= served;
    }
  }

  /** Whole series, in the release's number type. */
  #baselines(t: number): void {
    const f = this.#f;
    const { devices, columns } = this.#m;
    const single = this.#release !== 'v2.0';
    const output = (use: Use, row: number): number =>
      ratioOf(devices[use], use === 'cooling', columns.outdoor[row]!, single);
    const row = this.#first + t;
    const last = this.#first + this.#rows - (this.#release === 'v3' ? 2 : 1);
    let stores = 0;
    for (const use of uses) stores = f(stores + f(this.use[use].balance[t]! / output(use, row)));
    this.withoutStorage[t] = f(this.net[t]! - f(stores + this.battery.consumption[t]!));
    const less = (use: Use): number => f(columns[`${use}Demand`][row]! - this.use[use].demand[t]!);
    const heater = devices.heating.kind === 'ElectricHeater';
    const heating = heater ? devices.dhw.efficiency : ratioOf(devices.heating, false, columns.outdoor[last]!);
    this.withoutPartialLoad[t] = f(
      this.withoutStorage[t]! + f(f(less('cooling') / output('cooling', row)) + f(less('heating') / f(heating))),
    );
  }

  /** v3's clock moves: what is stored is less by its loss. */
  #leave(t: number): void {
    if (t + 1 >= this.#rows) return;
    const { devices } = this.#m;
    for (const use of uses) {
      const { soc } = this.use[use];
      soc[t + 1] = this.#f(Math.min(Math.max(soc[t]! * (1 - devices[`${use}Tank`].lossCoefficient * this.#dt), 0), 1));
    }
    const { lossCoefficient, depthOfDischarge } = devices.battery;
    const kept = this.battery.soc[t]! * (1 - lossCoefficient * this.#dt);
    this.battery.soc[t + 1] = this.#f(Math.min(Math.max(kept, 1 - depthOfDischarge), 1));
  }
}

/** COP or efficiency; `single`: each operation in float32. */
function ratioOf(device: Converter, cooling: boolean, outdoor: number, single = false): number {
  const f = single ? Math.fround : (x: number): number => x;
  if (device.kind === 'ElectricHeater') return f(device.efficiency);
  const target = cooling ? device.targetCooling : device.targetHeating;
  const span = cooling ? f(outdoor - f(target)) : f(f(target) - outdoor);
  const cop = f(f(device.efficiency * (target + 273.15)) / span);
  return cop < 0 || cop > 20 ? 20 : cop;
}

/** Piecewise linear look-up; beyond the last knot the first segment goes on, in v3 the last one. */
function at({ x, y }: Curve, value: number, clamped: boolean): number {
  const found = x.findIndex((knot) => value <= knot);
  const k = found < 0 ? (clamped ? x.length : 0) : found;
  const i = Math.min(Math.max(0, k - 1), x.length - 2);
  return y[i]! + ((y[i + 1]! - y[i]!) * (value - x[i]!)) / (x[i + 1]! - x[i]!);
}
