/**
 * Draws docs/img/builtin-district.svg.
 *
 *     npx tsx docs/plot-builtin-district.ts
 */
import { writeFileSync } from 'node:fs';
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { builtinDistrict } from '../sim/data/builtin/index.ts';
import { netWithoutStorage, panelPower, selfConsumption } from '../test/sim/builtin/self-consumption.ts';
import { dailyProfile, mean, total } from '../test/sim/builtin/statistics.ts';

const district = builtinDistrict();
const { buildings } = district;
const first = buildings[0]!;
const { month, hour } = first.energy;
const load = total(buildings.map(({ energy }) => energy.non_shiftable_load));
const net = total(buildings.map(netWithoutStorage));
const withStorage = total(buildings.map(selfConsumption));

const ink = '#1f2937';
const blue = '#2563eb';
const amber = '#d97706';
const sun = '#fbbf24';
const green = '#059669';
const grey = '#6b7280';

const seasons = [
  { name: 'summer', months: [6, 7, 8], colour: amber },
  { name: 'autumn', months: [9, 10, 11], colour: '#9a3412' },
  { name: 'winter', months: [12, 1, 2], colour: blue },
  { name: 'spring', months: [3, 4, 5], colour: green },
] as const;

const { document } = parseHTML('<html><body></body></html>');

/** A plot as an `<svg>` at (x, y) of the page, with a heading. */
function panel(x: number, y: number, title: string, options: Plot.PlotOptions): string {
  const svg = Plot.plot({
    document: document as never,
    marginTop: 34,
    marginLeft: 46,
    style: { fontFamily: 'system-ui, sans-serif', fontSize: '11px', color: ink, background: 'none' },
    ...options,
  });
  svg.setAttribute('x', `${x}`);
  svg.setAttribute('y', `${y}`);
  const markup = svg.outerHTML
    .replace(/\d+\.\d{2,}/g, (digits: string) => `${Number(Number(digits).toFixed(1))}`)
    .replace(/rgb\((\d+), (\d+), (\d+)\)/g, (_: string, ...rgb: string[]) => `#${rgb.slice(0, 3).map(hex).join('')}`);
  return `${markup}<text x="${x + 4}" y="${y + 13}" font-size="13" font-weight="600">${title}</text>`;
}

function hex(byte: string): string {
  return Number(byte).toString(16).padStart(2, '0');
}

function profiles(): Plot.PlotOptions {
  const points = seasons.flatMap(({ name, months, colour }) =>
    Array.from(dailyProfile(net, hour, (row) => (months as readonly number[]).includes(month[row]!)), (value, h) => ({
      name,
      colour,
      hour: h + 0.5,
      value,
    })),
  );
  return {
    width: 490,
    height: 290,
    marginRight: 16,
    x: { domain: [0, 24], ticks: [0, 4, 8, 12, 16, 20, 24], label: 'hour of day' },
    y: { label: null, grid: true },
    marks: [
      Plot.ruleY([0], { stroke: grey }),
      Plot.line(points, { x: 'hour', y: 'value', stroke: 'colour', z: 'name', strokeWidth: 2, curve: 'monotone-x' }),
      Plot.text(
        seasons.map(({ name, colour }, k) => ({ name, colour, y: 17.5 - 2.1 * k })),
        { x: 1.2, y: 'y', text: 'name', fill: 'colour', textAnchor: 'start', fontWeight: 600 },
      ),
    ],
  };
}

function durations(): Plot.PlotOptions {
  const curves = [
    { name: 'load', values: load, colour: ink },
    { name: 'net of panels', values: net, colour: amber },
    { name: 'and of batteries on the simple rule', values: withStorage, colour: blue },
  ];
  const points = curves.flatMap(({ name, values, colour }) => {
    const sorted = values.toSorted().toReversed();
    return Array.from({ length: 147 }, (_, k) => ({ name, colour, share: k / 1.46, value: sorted[Math.min(k * 60, 8759)]! }));
  });
  return {
    width: 490,
    height: 290,
    marginRight: 16,
    x: { domain: [0, 100], label: '% of the hours of the year', ticks: 5 },
    y: { label: null, grid: true },
    marks: [
      Plot.ruleY([0], { stroke: grey }),
      Plot.line(points, { x: 'share', y: 'value', stroke: 'colour', z: 'name', strokeWidth: 2 }),
      Plot.text(
        curves.map(({ name, colour }, k) => ({ name, colour, y: 31 - 4.2 * k })),
        { x: 38, y: 'y', text: 'name', fill: 'colour', textAnchor: 'start', fontWeight: 600 },
      ),
    ],
  };
}

/** Building_1 over seven days from `start`: load, generation, and what it draws with its battery on the simple rule. */
function week(start: number): Plot.PlotOptions {
  const rows = Array.from({ length: 168 }, (_, k) => start + k);
  const controlled = selfConsumption(first);
  const price = first.pricing!.electricity_pricing;
  const points = rows.map((row, k) => ({
    day: (k + 0.5) / 24,
    load: first.energy.non_shiftable_load[row]!,
    generation: (panelPower(first) * first.energy.solar_generation[row]!) / 1000,
    net: controlled[row]!,
  }));
  const dear = Math.max(...rows.map((row) => price[row]!));
  const peaks = rows.flatMap((row, k) => (price[row] === dear ? [{ from: k / 24, to: (k + 1) / 24 }] : []));
  return {
    width: 1000,
    height: 215,
    marginRight: 16,
    x: { domain: [0, 7], ticks: 7, tickFormat: (d: number) => ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun', ''][d] ?? '', label: null },
    y: { label: null, grid: true, domain: [-3.2, 5.2] },
    marks: [
      Plot.rectX(peaks, { x1: 'from', x2: 'to', fill: '#fee2e2' }),
      Plot.areaY(points, { x: 'day', y: 'generation', fill: sun, fillOpacity: 0.55, curve: 'step' }),
      Plot.ruleY([0], { stroke: grey }),
      Plot.lineY(points, { x: 'day', y: 'net', stroke: blue, strokeWidth: 1.5, curve: 'step' }),
      Plot.lineY(points, { x: 'day', y: 'load', stroke: ink, strokeWidth: 1.2, curve: 'step' }),
    ],
  };
}

/** Means of a week by hour, weeks across. */
function heatMap(values: Float64Array, scheme: Plot.ColorScheme, range: readonly [number, number]): Plot.PlotOptions {
  const cells = Array.from({ length: 52 * 24 }, (_, k) => {
    const [column, h] = [Math.floor(k / 24), k % 24];
    const value = mean(Float64Array.from({ length: 7 }, (_, day) => values[(column * 7 + day) * 24 + h]!));
    return { week: column, hour: h, value };
  });
  const monthNames = ['Aug', 'Sep', 'Oct', 'Nov', 'Dec', 'Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul'];
  const begins = monthNames.map((_, k) => month.indexOf(((k + 7) % 12) + 1) / 168);
  return {
    width: 490,
    height: 240,
    marginRight: 16,
    x: { domain: [0, 52], ticks: begins, tickFormat: (_: number, k: number) => monthNames[k]!, tickSize: 3, label: null },
    y: { domain: [0, 24], ticks: [0, 6, 12, 18, 24], reverse: true, label: null, tickFormat: (h: number) => `${h} h` },
    color: { scheme, domain: [...range], ...(scheme === 'BuRd' ? { type: 'diverging' as const, pivot: 0 } : {}) },
    marks: [
      Plot.rect(cells, {
        x1: 'week',
        x2: (d: { week: number }) => d.week + 1,
        y1: 'hour',
        y2: (d: { hour: number }) => d.hour + 1,
        fill: 'value',
        inset: -0.25,
      }),
    ],
  };
}

/** The key of a heat map, right-aligned at (right, y). */
function scale(right: number, y: number, scheme: Plot.ColorScheme, range: readonly [number, number], unit: string): string {
  const colour = Plot.scale({ color: { scheme, domain: [...range], type: scheme === 'BuRd' ? 'diverging' : 'linear' } });
  const boxes = Array.from({ length: 24 }, (_, k) => {
    const value = range[0] + ((range[1] - range[0]) * (k + 0.5)) / 24;
    return `<rect x="${right - 150 + 4 * k}" y="${y - 9}" width="4.3" height="10" fill="${String(colour.apply(value))}"/>`;
  });
  return (
    `<g font-size="11">${boxes.join('')}<text x="${right - 154}" y="${y}" text-anchor="end">${range[0]}</text>` +
    `<text x="${right - 50}" y="${y}">${range[1]} ${unit}</text></g>`
  );
}

/** The key of the week plots, from (x, y) to the right. */
function key(x: number, y: number): string {
  const entries = [
    { label: 'load', colour: ink, width: 44 },
    { label: 'generation', colour: sun, width: 82 },
    { label: 'grid, with the battery on the simple rule', colour: blue, width: 246 },
    { label: 'dearest hours', colour: '#fca5a5', width: 0 },
  ];
  let left = x;
  const marks = entries.map(({ label, colour, width }) => {
    const mark = `<rect x="${left}" y="${y - 9}" width="10" height="10" rx="2" fill="${colour}"/><text x="${left + 14}" y="${y}">${label}</text>`;
    left += width + 20;
    return mark;
  });
  return `<g font-size="11">${marks.join('')}</g>`;
}

const august = 7 * 24;
const january = Math.ceil(month.indexOf(1) / 168) * 168;
const page = [
  panel(10, 16, 'District net load by season, kW', profiles()),
  panel(510, 16, 'Duration curves of the district, kW', durations()),
  panel(10, 326, 'Building_1, second week of August, kW', week(august)),
  key(456, 339),
  panel(10, 546, 'Building_1, first whole week of January, kW', week(january)),
  panel(10, 776, 'Outdoor temperature by week and hour', heatMap(first.weather.outdoor_dry_bulb_temperature, 'Turbo', [0, 36])),
  scale(494, 789, 'Turbo', [0, 36], '°C'),
  panel(510, 776, 'District net load by week and hour', heatMap(net, 'BuRd', [-21, 21])),
  scale(994, 789, 'BuRd', [-21, 21], 'kW'),
];
writeFileSync(
  new URL('img/builtin-district.svg', import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1010 1026" font-family="system-ui, sans-serif" fill="${ink}">` +
    `<rect width="1010" height="1026" fill="white"/>${page.join('')}</svg>\n`,
);
