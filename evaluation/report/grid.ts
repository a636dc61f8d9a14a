import type { GridResult, NetworkResult } from '../../core/run.ts';
import { escape } from './page.ts';

/** What the network came to: KPIs beside those of the clean twins, extremes and what relays did. */
export function gridSection(grid: GridResult | undefined): string {
  if (grid === undefined) return '';
  const found = grid.findings.map((finding) => `<li>${escape(finding)}</li>`).join('');
  return `<h2>The network ${escape(grid.case)}</h2>
<p>${grid.buses} buses, ${grid.homes.toLocaleString('en')} homes, solved by ${grid.method === 'sweep' ? 'sweeps' : 'Newton’s method'}. A step without a solution counts as outside every band. Steps of an hour cannot prove EN 50160, which looks at means of ten minutes: its figures are a proxy.</p>
${found === '' ? '' : `<ul>${found}</ul>`}
${kpiTable(grid)}
${extremes(grid.networks)}
${cascades(grid.networks)}`;
}

const digits = (value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : String(Number(value.toPrecision(5)));

/** A difference, but for what is left of rounding. */
function change(delta: number | null, value: number | null | undefined): string {
  if (delta === null) return '–';
  if (Math.abs(delta) <= 1e-9 * Math.abs(value ?? 0)) return '0';
  return `${delta > 0 ? '+' : ''}${digits(delta)}`;
}

function kpiTable({ networks, units }: GridResult): string {
  const cells = ({ kpis, regret }: NetworkResult, name: string): string => {
    const own = `<td>${digits(kpis[name])}</td>`;
    if (regret === undefined) return own;
    const { delta, ratio } = regret[name]!;
    return `${own}<td>${change(delta, kpis[name])}</td><td>${ratio === null ? '–' : `×${digits(ratio)}`}</td>`;
  };
  const head = networks.map(({ attack, regret }) =>
    regret === undefined ? `<th>${escape(attack)}</th>` : `<th>${escape(attack)}</th><th>Δ</th><th>ratio</th>`,
  );
  return `<table><thead><tr><th>KPI</th><th>unit</th>${head.join('')}</tr></thead><tbody>
${Object.keys(networks[0]!.kpis)
  .map(
    (name) =>
      `<tr><td>${name}</td><td>${escape(units[name] ?? '')}</td>${networks.map((one) => cells(one, name)).join('')}</tr>`,
  )
  .join('\n')}</tbody></table>`;
}

/** Where each was worst, in a sentence. */
function extremes(networks: readonly NetworkResult[]): string {
  const items = networks.map(({ attack, extremes: of, kpis }) => {
    const said = [
      ...(of['vmin'] == null
        ? []
        : [`lowest voltage ${digits(kpis['vmin'])} p.u. at bus ${of['vmin']['bus']} in step ${of['vmin']['step']}`]),
      ...(of['vmax'] == null
        ? []
        : [`highest ${digits(kpis['vmax'])} p.u. at bus ${of['vmax']['bus']} in step ${of['vmax']['step']}`]),
      ...(of['loading'] == null
        ? []
        : [
            `branch ${of['loading']['from']}–${of['loading']['to']} at ${digits(100 * kpis['max_loading']!)} % of its limit in step ${of['loading']['step']}`,
          ]),
      ...(of['frequency'] == null
        ? []
        : [`lowest frequency ${digits(kpis['frequency_nadir'])} Hz, after step ${of['frequency']['step']}`]),
    ];
    return `<li>${escape(attack)}: ${said.join('; ')}</li>`;
  });
  return `<ul>${items.join('\n')}</ul>`;
}

/** Events of a cascade that a report shows. */
const shown = 10;

/** What relays did, where the scenario has any. */
function cascades(networks: readonly NetworkResult[]): string {
  const items = networks.flatMap(({ attack, cascade }) => {
    if (cascade === undefined || cascade === null) return [];
    const { step, ended, linesTripped, servedFraction, events } = cascade;
    const said = events.slice(0, shown).map(({ t, what, branch, buses, mwLost }) => {
      const where = branch === null ? `bus ${buses.slice(0, 4).join(' ')}` : `branch ${branch.join('–')}`;
      return `${digits(t)} s: ${what} at ${where}${mwLost === 0 ? '' : `, ${digits(mwLost)} MW lost`}`;
    });
    const rest = events.length > shown ? [`and ${events.length - shown} more`] : [];
    const list = [...said, ...rest].map((line) => `<li>${escape(line)}</li>`).join('');
    return `<li>${escape(attack)}: step ${step}, ${ended}; ${linesTripped} branches tripped, ${digits(100 * servedFraction)} % of the load served${list === '' ? '' : `<ul>${list}</ul>`}</li>`;
  });
  return items.length === 0
    ? ''
    : `<h3>Relays in the step that loads it most</h3>
<ul>${items.join('\n')}</ul>`;
}
