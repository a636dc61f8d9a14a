import type { RunFigure } from '../runs/run-pages.ts';
import { isOver } from '../runs/run-state.ts';
import { formatValue } from '../live/format.ts';
import { axisNames, valueText } from './sweep-api.ts';
import type { Cell } from './sweep-api.ts';

/** The cells as rows and columns: the last setting across, every combination of the others down. */
export function CellMatrix(props: {
  readonly cells: readonly Cell[];
  readonly figures: Readonly<Record<string, RunFigure>>;
  readonly metric: string;
  readonly chosen: number;
  readonly choose: (cell: number) => void;
}) {
  const { cells, figures, metric, chosen, choose } = props;
  const pointers = Object.keys(cells[0]?.values ?? {});
  const names = axisNames(pointers);
  const across = pointers.at(-1);
  const down = pointers.slice(0, -1);
  const columns = across === undefined ? [''] : [...new Set(cells.map(({ values }) => valueText(values[across])))];
  const rowOf = ({ values }: Cell): string =>
    down.map((pointer) => `${names.get(pointer)!} ${valueText(values[pointer])}`).join(' · ');
  const rows = [...new Set(cells.map(rowOf))];
  const means = cells.map((cell) => meanOf(cell, figures));
  const there = means.filter((mean) => mean !== null);
  const [low, high] = [Math.min(...there), Math.max(...there)];
  return (
    <table className="matrix" aria-label={`Cells by ${pointers.map((pointer) => names.get(pointer)!).join(' and ')}`}>
      <thead>
        <tr>
          <td />
          {columns.map((column) => (
            <th key={column} scope="col">
              {across === undefined ? '' : `${names.get(across)!} ${column}`}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row}>
            <th scope="row">{row === '' ? 'all' : row}</th>
            {columns.map((column) => {
              const at = cells.findIndex(
                (cell) => rowOf(cell) === row && (across === undefined || valueText(cell.values[across]) === column),
              );
              const cell = cells[at];
              if (cell === undefined) return <td key={column} />;
              const mean = means[at] ?? null;
              const over = cell.runs.filter((run) => isOver(run.state)).length;
              const lost = cell.runs.filter((run) => isOver(run.state) && run.state !== 'done').length;
              const share = mean === null || high === low ? 0 : (mean - low) / (high - low);
              return (
                <td key={column}>
                  <button
                    type="button"
                    data-cell={at}
                    aria-pressed={chosen === at}
                    onClick={() => choose(at)}
                    style={{ '--share': share } as React.CSSProperties}
                    title={`${metric}: mean over the runs that are done`}
                  >
                    <strong>{formatValue(mean)}</strong>
                    <span>
                      {over} of {cell.runs.length}
                      {lost > 0 && <em> · {lost} lost</em>}
                    </span>
                  </button>
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Mean over all lanes of all runs of a cell that have the metric. */
function meanOf({ runs }: Cell, figures: Readonly<Record<string, RunFigure>>): number | null {
  let sum = 0;
  let count = 0;
  for (const { id } of runs) {
    const figure = figures[id];
    if (figure === undefined || figure.mean === null) continue;
    sum += figure.mean * figure.count;
    count += figure.count;
  }
  return count === 0 ? null : sum / count;
}
