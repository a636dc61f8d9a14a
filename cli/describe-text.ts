import { sparkline } from '../sim/data/describe-trend.ts';
import type { FileSummary, FolderDescription } from '../sim/data/describe.ts';
import type { DeviceSummary } from '../sim/data/describe-device.ts';
import { problemText } from '../sim/data/describe-problem.ts';
import type { Problem } from '../sim/data/describe-problem.ts';
import type { BuildingSummary, SchemaSummary } from '../sim/data/describe-schema.ts';
import type { ProfileVerdict, ResolvedBuilding } from '../evaluation/runnable-profiles.ts';

export interface TextOptions {
  /** Characters of a line; only problems, which scripts may want whole, are longer. */
  readonly width: number;
  /** Wraps a text in a terminal's colour, or leaves it as it is. */
  readonly paint: (style: 'bold' | 'dim' | 'red' | 'yellow' | 'green', text: string) => string;
}

export interface DescribedFolder {
  readonly description: FolderDescription;
  readonly verdicts: readonly ProfileVerdict[];
  /** Under the profile asked for or suggested; null where it does not run. */
  readonly resolved: { readonly profile: string; readonly buildings: readonly ResolvedBuilding[] } | null;
}

/** A folder's description for a person. */
export function describeText({ description, verdicts, resolved }: DescribedFolder, options: TextOptions): string {
  const { schema, files, problems } = description;
  const lines = [options.paint('bold', description.folder), ...overview(description, options)];
  const section = (title: string, body: readonly string[]): void => {
    if (body.length > 0) lines.push('', options.paint('bold', title), ...body);
  };
  section(
    'Profiles',
    verdicts.flatMap((verdict) => verdictLines(verdict, options)),
  );
  section('Buildings', schema === null ? [] : schema.buildings.flatMap((one) => buildingLines(one, resolved, options)));
  section(
    'Files',
    files.flatMap((file) => fileLines(file, options)),
  );
  section('Problems', problemLines(problems, options));
  return lines.join('\n');
}

function overview({ schema, headers, hash, suggestion }: FolderDescription, { width }: TextOptions): string[] {
  const rows: [string, string][] = [];
  if (schema !== null) rows.push(...schemaRows(schema));
  const generation = { new: 'CityLearn ≥ 2.2', old: 'CityLearn < 2.2', mixed: 'of both generations' };
  if (headers !== null) rows.push(['headers', generation[headers]]);
  if (suggestion !== null) rows.push(['profile', `${suggestion.profile}: ${suggestion.because.join('; ')}`]);
  if (hash !== null) rows.push(['hash', hash]);
  return rows.flatMap(([name, text]) => wrapped(name.padEnd(14), text, width));
}

function schemaRows(schema: SchemaSummary): [string, string][] {
  const { start, end, episodes, secondsPerTimeStep, observations, inactiveObservations } = schema;
  const included = schema.buildings.filter((building) => building.included).length;
  const excluded = schema.buildings.length - included;
  const seconds = secondsPerTimeStep === null ? '? s' : `${secondsPerTimeStep} s`;
  const range =
    start === null || end === null ? 'of unknown length' : `${end - start + 1} rows (${start} … ${end}) of ${seconds}`;
  const length = typeof episodes.timeSteps === 'number' ? ` of ${episodes.timeSteps} rows` : '';
  const order = `${episodes.rolling ? ', rolling' : ''}${episodes.random ? ', drawn at random' : ''}`;
  return [
    ['buildings', `${included}${excluded === 0 ? '' : ` (and ${excluded} not included)`}`],
    ['simulation', `${range}; ${episodes.count ?? '?'} episode${episodes.count === 1 ? '' : 's'}${length}${order}`],
    [
      'agents',
      `${schema.centralAgent ? 'one for all buildings' : 'one a building'}; seed ${schema.randomSeed ?? 'missing'}`,
    ],
    ['reward', schema.reward ?? 'none'],
    ['actions', schema.actions.join(', ') || 'none'],
    [
      'observations',
      `${observations.length} of ${observations.length + inactiveObservations.length}: ${observations.join(', ') || 'none'}`,
    ],
    ...(schema.electricVehicles.length === 0
      ? []
      : ([
          ['cars', schema.electricVehicles.map(({ name, capacity }) => `${name} ${capacity ?? '?'} kWh`).join(', ')],
        ] as [string, string][])),
  ];
}

function verdictLines(
  { profile, title, runs, refusal, notes }: ProfileVerdict,
  { width, paint }: TextOptions,
): string[] {
  const state =
    runs === null ? paint('dim', 'not tried') : runs ? paint('green', 'runs     ') : paint('red', 'refused  ');
  const indent = ' '.repeat(20);
  return [
    ...wrapped(`  ${profile.padEnd(6)}${state}   `, title, width, 20),
    ...(refusal === null ? [] : wrapped(indent, refusal, width)),
    ...notes.flatMap((note) => wrapped(`${indent}- `, note, width)),
  ];
}

function buildingLines(
  building: BuildingSummary,
  resolved: DescribedFolder['resolved'],
  { width, paint }: TextOptions,
): string[] {
  const own = resolved?.buildings.find(({ name }) => name === building.name);
  const lines = [
    `  ${building.name}  ${paint('dim', `${building.className}${building.included ? '' : ', not included'}`)}`,
  ];
  const add = (name: string, text: string): void => void lines.push(...wrapped(`    ${name.padEnd(20)}`, text, width));
  for (const device of building.devices) add(device.key, deviceText(device, own));
  const { dynamics, outage, chargingConstraints } = building;
  if (dynamics !== null)
    add(
      'dynamics',
      `${dynamics.type}, ${dynamics.layers ?? '?'}×${dynamics.hiddenSize ?? '?'}, looks back ${dynamics.lookback ?? '?'} rows, ${dynamics.inputs.length} inputs, ${dynamics.file ?? 'no file'}`,
    );
  if (building.occupant !== null) add('occupant', building.occupant);
  if (outage !== null)
    add(
      'power_outage',
      `${outage.simulated ? 'simulated' : 'not simulated'}, ${outage.stochastic ? (outage.model ?? 'PowerOutage') : 'from the file'}`,
    );
  for (const { id, maxChargingPower, maxDischargingPower } of building.chargers)
    add(id, `charger, up to ${maxChargingPower ?? '?'} kW in and ${maxDischargingPower ?? '?'} kW out`);
  for (const name of building.washingMachines) add(name, 'washing machine');
  if (chargingConstraints !== null)
    add(
      'charging limits',
      `${chargingConstraints.buildingLimitKw ?? 'no'} kW for the building, ${chargingConstraints.phases} phases`,
    );
  if (building.inactiveActions.length > 0) add('inactive actions', building.inactiveActions.join(', '));
  if (building.inactiveObservations.length > 0) add('inactive obs.', building.inactiveObservations.join(', '));
  return lines;
}

const units: Readonly<Record<string, string>> = { capacity: ' kWh', nominal_power: ' kW' };

/** What the schema gives, and in brackets what the profile makes of what it leaves open. */
function deviceText(
  { key, kind, sizes, autosize, given, defaulted }: DeviceSummary,
  own: ResolvedBuilding | undefined,
): string {
  const values = own === undefined ? {} : resolvedValues(key, own);
  const shown = (name: string): string =>
    values[name] === undefined ? '' : ` (${rounded(values[name])}${units[name] ?? ''})`;
  const parts = [
    ...Object.entries(sizes).map(([name, value]) =>
      autosize
        ? `${name} autosized${shown(name)}`
        : `${name} ${value === null ? `missing${shown(name)}` : `${rounded(value)}${units[name] ?? ''}`}`,
    ),
    ...Object.entries(given).map(([name, value]) => `${name} ${rounded(value)}`),
  ];
  const open = defaulted.map((name) => `${name}${shown(name)}`);
  return `${kind}: ${parts.join(', ')}${open.length === 0 ? '' : `; not given: ${open.join(', ')}`}`;
}

function resolvedValues(key: DeviceSummary['key'], own: ResolvedBuilding): Record<string, number> {
  if (key === 'pv') return { nominal_power: own.pvNominalPower };
  if (key === 'electrical_storage') {
    const { battery } = own;
    return {
      capacity: battery.capacity,
      nominal_power: battery.nominalPower,
      efficiency: battery.efficiency,
      loss_coefficient: battery.lossCoefficient,
      initial_soc: battery.initialSoc,
      capacity_loss_coefficient: battery.capacityLossCoefficient,
      depth_of_discharge: battery.depthOfDischarge,
    };
  }
  const [use, part] = key.split('_') as ['cooling' | 'heating' | 'dhw', 'device' | 'storage'];
  if (part === 'storage') {
    const tank = own.tanks[use];
    return {
      capacity: tank.capacity,
      efficiency: tank.efficiency,
      loss_coefficient: tank.lossCoefficient,
      initial_soc: tank.initialSoc,
    };
  }
  const device = own.converters[use];
  return {
    nominal_power: device.nominalPower,
    efficiency: device.efficiency,
    target_heating_temperature: device.targetHeating,
    target_cooling_temperature: device.targetCooling,
  };
}

function fileLines(
  { name, kind, usedBy, bytes, tensors, rows, columns }: FileSummary,
  { width, paint }: TextOptions,
): string[] {
  const size =
    bytes === null
      ? paint('red', 'missing or unreadable')
      : rows === null
        ? `${bytes} bytes${tensorText(tensors)}`
        : `${rows} rows`;
  const users =
    usedBy.length > 4 ? `${usedBy.slice(0, 3).join(', ')} and ${usedBy.length - 3} more` : usedBy.join(', ');
  const lines = [`  ${name}  ${paint('dim', `${kind} of ${users}, `)}${size}`];
  if (columns.length === 0) return lines;
  const longest = Math.min(41, Math.max(6, ...columns.map((column) => column.name.length)));
  const trendWidth = width - longest - 42;
  const row = (cells: readonly string[]): string => {
    const [column, unit, blanks, min, mean, max, trend] = cells as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    return `    ${column.padEnd(longest)} ${unit.padEnd(6)} ${blanks.padStart(5)} ${min.padStart(7)} ${mean.padStart(7)} ${max.padStart(7)} ${trend}`.trimEnd();
  };
  lines.push(paint('dim', row(['column', 'unit', 'blank', 'min', 'mean', 'max', 'trend'])));
  for (const { name: column, unit, blanks, min, mean, max, distinct, trend } of columns) {
    const numbers =
      distinct === undefined
        ? [min, mean, max].map((value) => (value === null ? '' : rounded(value)))
        : ['', `${distinct.length} of`, distinct.length === 1 ? 'text' : 'texts'];
    lines.push(
      row([
        shortened(column, longest),
        unit,
        blanks === 0 ? '' : String(blanks),
        ...numbers,
        sparkline(trend, trendWidth),
      ]),
    );
  }
  return lines;
}

function tensorText(tensors: FileSummary['tensors']): string {
  if (tensors === null) return '';
  const shapes = Object.values(tensors);
  const numbers = shapes.reduce((sum, shape) => sum + shape.reduce((size, length) => size * length, 1), 0);
  return `, ${shapes.length} tensors of ${numbers} numbers`;
}

/** Errors one a line; warnings that are the same in several files once, with how many more there are. */
export function problemLines(problems: readonly Problem[], { paint }: Pick<TextOptions, 'paint'>): string[] {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const warnings = new Map<string, Problem[]>();
  for (const problem of problems) {
    if (problem.severity === 'error') continue;
    const same = warnings.get(problem.message) ?? [];
    warnings.set(problem.message, same);
    same.push(problem);
  }
  return [
    ...errors.map((problem) => `${paint('red', 'error')}    ${problemText(problem)}`),
    ...[...warnings.values()].map((same) => {
      const more = same.length === 1 ? '' : ` (and so in ${same.length - 1} more)`;
      return `${paint('yellow', 'warning')}  ${problemText(same[0]!)}${more}`;
    }),
  ];
}

/** Four significant digits in at most seven characters. */
export function rounded(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 99_995 || size < 0.00095) return value.toExponential(size >= 1e-99 ? 1 : 0);
  return String(Number(value.toPrecision(4)));
}

function shortened(name: string, length: number): string {
  if (name.length <= length) return name;
  const tail = Math.floor((length - 1) / 2);
  return `${name.slice(0, length - 1 - tail)}…${name.slice(-tail)}`;
}

/** A text broken at blanks so that no line is wider, hanging under its own first column. */
function wrapped(label: string, text: string, width: number, indent = label.length): string[] {
  const lines: string[] = [];
  let line = label;
  let length = indent;
  for (const word of text.split(' ')) {
    if (length + word.length > width && length > indent) {
      lines.push(line.trimEnd());
      line = ' '.repeat(indent);
      length = indent;
    }
    line += `${word} `;
    length += word.length + 1;
  }
  return [...lines, line.trimEnd()];
}
