import { useState } from 'react';
import { cellText } from './csv.ts';
import type { SqlAnswer } from './sql-api.ts';

/** Height of a row, px: the stylesheet has the same. */
const rowHeight = 26;
/** Rows beyond the window that are drawn, so that scrolling shows no gaps. */
const spare = 12;
const height = 420;

/** Rows of an answer; only those in sight are in the page. */
export function AnswerTable({ answer: { columns, rows } }: { readonly answer: SqlAnswer }) {
  const [top, setTop] = useState(0);
  const first = Math.max(0, Math.floor(top / rowHeight) - spare);
  const last = Math.min(rows.length, Math.ceil((top + height) / rowHeight) + spare);
  const numeric = columns.map(({ type }) => /INT|DOUBLE|FLOAT|DECIMAL/.test(type) && !type.endsWith('[]'));
  return (
    <div
      className="answer"
      style={{ maxHeight: height }}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      role="region"
      aria-label="Answer"
      tabIndex={0}
    >
      <table aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            {columns.map(({ name, type }, c) => (
              <th key={name} scope="col" className={numeric[c] === true ? 'number' : undefined}>
                {name}
                <span className="hint"> {type.toLowerCase()}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <Gap rows={first} columns={columns.length} />}
          {rows.slice(first, last).map((row, i) => (
            <tr key={first + i} aria-rowindex={first + i + 2}>
              {row.map((value, c) => (
                <td key={columns[c]!.name} className={numeric[c] === true ? 'number' : undefined}>
                  {value === null ? <span className="hint">null</span> : cellText(value).slice(0, 300)}
                </td>
              ))}
            </tr>
          ))}
          {last < rows.length && <Gap rows={rows.length - last} columns={columns.length} />}
        </tbody>
      </table>
    </div>
  );
}

/** The room of rows that are not drawn. */
function Gap({ rows, columns }: { readonly rows: number; readonly columns: number }) {
  return (
    <tr aria-hidden="true" className="gap">
      <td colSpan={columns} style={{ height: rows * rowHeight }} />
    </tr>
  );
}
