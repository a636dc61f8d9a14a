import { Checkbox, Progress } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { RefObject } from 'react';
import { Link } from 'wouter';
import type { RunSummary } from '../../events.ts';
import { formatDuration, formatValue, words } from '../live/format.ts';
import type { ListView } from './list-view.ts';
import type { RunFigure, RunList } from './run-pages.ts';
import { isOver, progressOf } from './run-state.ts';
import { Sparkline } from './sparkline.tsx';
import { StateBadge } from './state-badge.tsx';
import type { Selection } from './use-selection.ts';
import { useRowWindow } from './use-row-window.ts';

const rowHeight = 46;

/** Headers with the order that each gives; the figures' are of the chosen metric. */
const columns: readonly (readonly [name: string, sort: string | null, className: string])[] = [
  ['Name', 'name', 'name'],
  ['State', 'state', 'state'],
  ['Policy', 'policy', 'policy'],
  ['Attacks', null, 'attacks'],
  ['Mean ± std', 'metric', 'figure'],
  ['Min … max', null, 'extremes'],
  ['Trend', null, 'trend'],
  ['Created', 'created', 'created'],
  ['Duration', 'duration', 'duration'],
];

interface TableProps {
  readonly list: RunList;
  readonly view: ListView;
  readonly now: number;
  readonly selection: Selection;
  readonly sortBy: (sort: string) => void;
  /** A row is about to be seen. */
  readonly need: (index: number) => void;
  readonly chooseAll: () => void;
  readonly edit: (run: RunSummary) => void;
}

/** The list as a table of which only the visible rows are there. */
export function RunsTable({ list, view, now, selection, sortBy, need, chooseAll, edit }: TableProps) {
  const box = useRef<HTMLDivElement>(null);
  const total = list.total ?? 0;
  const { from, to } = useRowWindow(box, rowHeight, total);
  useEffect(() => {
    if (to > list.runs.length) need(to - 1);
  }, [to, list.runs.length, need]);
  useFocusOnRow(box, selection.current);
  const all = total > 0 && selection.chosen.size >= total;

  return (
    <div className="runs-box" ref={box}>
      <table className="runs" role="grid" aria-label="Runs" aria-rowcount={total + 1} aria-multiselectable>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col" className="mark">
              <Checkbox
                size="xs"
                aria-label="Choose all runs of the list"
                checked={all}
                indeterminate={!all && selection.chosen.size > 0}
                onChange={() => (selection.chosen.size > 0 ? selection.choose([]) : chooseAll())}
              />
            </th>
            {columns.map(([name, sort, className]) => (
              <Header key={name} name={name} sort={sort} className={className} now={view.sort} sortBy={sortBy} />
            ))}
            <th scope="col" className="edit">
              <span className="unseen">Tags and note</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {from > 0 && <tr className="spacer" style={{ height: from * rowHeight }} aria-hidden />}
          {Array.from({ length: to - from }, (_, k) => {
            const index = from + k;
            const run = list.runs[index];
            return run === undefined ? (
              <tr key={index} className="to-come" aria-rowindex={index + 2}>
                <td colSpan={columns.length + 2}>…</td>
              </tr>
            ) : (
              <Row
                key={run.id}
                run={run}
                index={index}
                figure={list.figures[run.id]}
                metric={view.metric}
                now={now}
                chosen={selection.chosen.has(run.id)}
                current={selection.current === index || (selection.current < 0 && index === 0)}
                onToggle={(range) =>
                  range
                    ? selection.extendTo(
                        index,
                        list.runs.map(({ id }) => id),
                      )
                    : selection.toggle(run.id, index)
                }
                onFocus={() => selection.moveTo(index)}
                edit={() => edit(run)}
              />
            );
          })}
          {to < total && <tr className="spacer" style={{ height: (total - to) * rowHeight }} aria-hidden />}
        </tbody>
      </table>
    </div>
  );
}

function Header(props: {
  readonly name: string;
  readonly sort: string | null;
  readonly className: string;
  readonly now: string;
  readonly sortBy: (sort: string) => void;
}) {
  const { name, sort, className, now, sortBy } = props;
  if (sort === null)
    return (
      <th scope="col" className={className}>
        {name}
      </th>
    );
  const order = now === sort ? 'ascending' : now === `-${sort}` ? 'descending' : 'none';
  return (
    <th scope="col" className={className} aria-sort={order}>
      <button type="button" className="sorter" onClick={() => sortBy(order === 'descending' ? sort : `-${sort}`)}>
        {name}
        <span aria-hidden>{order === 'none' ? '' : order === 'ascending' ? ' ▲' : ' ▼'}</span>
      </button>
    </th>
  );
}

function Row(props: {
  readonly run: RunSummary;
  readonly index: number;
  readonly figure: RunFigure | undefined;
  readonly metric: string;
  readonly now: number;
  readonly chosen: boolean;
  readonly current: boolean;
  readonly onToggle: (range: boolean) => void;
  readonly onFocus: () => void;
  readonly edit: () => void;
}) {
  const { run, index, figure, metric, now, chosen, current, onToggle, onFocus, edit } = props;
  return (
    <tr
      data-run={run.id}
      data-index={index}
      aria-rowindex={index + 2}
      aria-selected={chosen}
      tabIndex={current ? 0 : -1}
      onFocus={(event) => event.target === event.currentTarget && onFocus()}
    >
      <td className="mark">
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={`Choose ${run.name}`}
          checked={chosen}
          onChange={(event) => onToggle((event.nativeEvent as unknown as { shiftKey?: boolean }).shiftKey === true)}
        />
      </td>
      <th scope="row" className="name">
        <Link href={`/runs/${run.id}`} title={run.name}>
          {run.name}
        </Link>
        <div className="hint">
          <span className="mono">{run.id.slice(0, 8)}</span>
          {run.tags.map((tag) => (
            <span key={tag} className="tag">
              {tag}
            </span>
          ))}
        </div>
      </th>
      <td className="state">
        <StateBadge run={run} />
        {!isOver(run.state) && <Share run={run} />}
      </td>
      <td className="policy" title={[run.policy, ...run.modules].join(' + ')}>
        {[run.policy, ...run.modules].join(' + ')}
        <div className="hint">
          {run.buildings.length === 1 ? run.buildings[0] : `${run.buildings.length} buildings`} · seed {run.seed}
        </div>
      </td>
      <td className="attacks" title={run.attacks.join(', ')}>
        {run.attacks.join(', ')}
      </td>
      <td className="figure">
        {formatValue(figure?.mean)}
        {figure?.std !== undefined && figure.std !== null && <span className="hint"> ± {formatValue(figure.std)}</span>}
      </td>
      <td className="extremes">
        {figure !== undefined && figure.count > 1 ? `${formatValue(figure.min)} … ${formatValue(figure.max)}` : ''}
        {figure !== undefined && (
          <div className="hint">
            {figure.count} {figure.count === 1 ? 'lane' : 'lanes'}
          </div>
        )}
      </td>
      <td className="trend">
        {figure?.sketch !== undefined && (
          <Sparkline
            points={figure.sketch}
            label={`${words(metric)} over the run, at the end ${formatValue(figure.sketch.at(-1))}`}
          />
        )}
      </td>
      <td className="created">{timeOf(run.createdAt)}</td>
      <td className="duration">
        {run.startedAt === null ? '–' : formatDuration((run.endedAt ?? now) - run.startedAt)}
      </td>
      <td className="edit">
        <button
          type="button"
          className="sorter"
          tabIndex={-1}
          onClick={edit}
          aria-label={`Tags and note of ${run.name}`}
          title={run.note === '' ? 'Tags and note' : run.note}
        >
          {run.note === '' ? '⋯' : '✎'}
        </button>
      </td>
    </tr>
  );
}

function Share({ run }: { readonly run: RunSummary }) {
  const percent = Math.floor(100 * progressOf(run));
  return (
    <div className="share">
      <Progress value={percent} size="sm" aria-label={`${run.name}: ${percent} %`} />
      <span>{percent} %</span>
    </div>
  );
}

function timeOf(ms: number): string {
  const parts = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  return new Date(ms).toLocaleString(undefined, parts);
}

/** Brings the row that keys moved to into sight, and gives it the focus. */
function useFocusOnRow(box: RefObject<HTMLDivElement | null>, current: number): void {
  const seen = useRef(current);
  useEffect(() => {
    const element = box.current;
    if (element === null || seen.current === current) return undefined;
    seen.current = current;
    if (current < 0) return undefined;
    const head = element.querySelector('thead')?.clientHeight ?? 0;
    const top = current * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight + head > element.scrollTop + element.clientHeight)
      element.scrollTop = top + rowHeight + head - element.clientHeight;
    // The row may only be drawn once the box has scrolled.
    const frame = requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        const row = element.querySelector<HTMLElement>(`tr[data-index="${current}"]`);
        if (row !== null && !row.contains(document.activeElement)) row.focus({ preventScroll: true });
      }),
    );
    return () => cancelAnimationFrame(frame);
  }, [box, current]);
}
