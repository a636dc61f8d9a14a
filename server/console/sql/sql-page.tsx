import { Button, Group, Loader, Textarea, Title } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useSearchParams } from 'wouter';
import type { RunSummary } from '../../events.ts';
import { ErrorNote } from '../wire/error-note.tsx';
import { getJson, ProblemError, saveBlob } from '../wire/api.ts';
import { useTitle } from '../wire/use-title.ts';
import { AnswerTable } from './answer-table.tsx';
import { csvOf } from './csv.ts';
import { examples } from './examples.ts';
import { ask } from './sql-api.ts';
import type { SqlAnswer } from './sql-api.ts';

const limit = 10_000;

type Outcome =
  | { readonly state: 'nothing' | 'asking' }
  | { readonly state: 'answered'; readonly answer: SqlAnswer }
  | { readonly state: 'failed'; readonly error: unknown };

/** Questions in SQL over the runs. The question stands in the address. */
export function SqlPage() {
  useTitle('SQL');
  const [search, setSearch] = useSearchParams();
  const [sql, setSql] = useState(search.get('q') ?? examples[0]!.sql);
  const [outcome, setOutcome] = useState<Outcome>({ state: 'nothing' });
  const editor = useRef<HTMLTextAreaElement>(null);
  const asked = useRef<AbortController>(undefined);
  useEffect(() => () => asked.current?.abort(), []);

  const run = async (): Promise<void> => {
    asked.current?.abort();
    const mine = new AbortController();
    asked.current = mine;
    setSearch({ q: sql }, { replace: true });
    setOutcome({ state: 'asking' });
    try {
      const answer = await ask(sql, limit, mine.signal);
      if (asked.current === mine) setOutcome({ state: 'answered', answer });
    } catch (error) {
      if (asked.current !== mine) return;
      setOutcome(mine.signal.aborted ? { state: 'nothing' } : { state: 'failed', error });
      if (!mine.signal.aborted) goTo(editor.current, error);
    }
  };
  const take = async (text: string): Promise<void> => {
    if (!text.includes('{run}')) return setSql(text);
    const { runs } = await getJson<{ readonly runs: readonly RunSummary[] }>('/runs?state=done&limit=1');
    setSql(text.replaceAll('{run}', runs[0]?.id ?? 'no run is done yet'));
  };

  return (
    <>
      <Title order={1} mb="xs">
        SQL
      </Title>
      <p className="hint">
        One SELECT, as DuckDB reads it, over <code>runs</code>, <code>kpis</code> and{' '}
        <code>telemetry(&apos;run id&apos;)</code> of a run that is over. Needs a token of scope admin, where the server
        needs tokens.
      </p>
      <Group gap="xs" mb="xs" role="group" aria-label="Examples">
        {examples.map(({ title, sql: text }) => (
          <Button key={title} size="compact-xs" variant="default" onClick={() => void take(text)}>
            {title}
          </Button>
        ))}
      </Group>
      <Textarea
        ref={editor}
        label="Question"
        autosize
        minRows={6}
        maxRows={20}
        spellCheck={false}
        classNames={{ input: 'mono' }}
        value={sql}
        onChange={(event) => setSql(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          void run();
        }}
      />
      <Group gap="sm" my="sm">
        <Button size="xs" onClick={() => void run()} disabled={sql.trim() === ''}>
          Run (Ctrl+Enter)
        </Button>
        {outcome.state === 'asking' && (
          <>
            <Button size="xs" variant="default" onClick={() => asked.current?.abort()}>
              Cancel
            </Button>
            <Loader size="xs" aria-label="The question is being answered" />
          </>
        )}
        <span className="hint" role="status">
          {outcome.state === 'answered' && said(outcome.answer)}
        </span>
        {outcome.state === 'answered' && (
          <Button
            size="compact-xs"
            variant="default"
            ml="auto"
            onClick={() => saveBlob(new Blob([csvOf(outcome.answer)], { type: 'text/csv' }), 'answer.csv')}
          >
            Download as CSV
          </Button>
        )}
      </Group>
      {outcome.state === 'failed' && (
        <>
          <ErrorNote error={outcome.error} />
          <Where error={outcome.error} sql={sql} />
        </>
      )}
      {outcome.state === 'answered' && <AnswerTable answer={outcome.answer} />}
    </>
  );
}

function said({ rows, truncated, seconds }: SqlAnswer): string {
  const count = `${rows.length.toLocaleString('en')} ${rows.length === 1 ? 'row' : 'rows'}`;
  return `${truncated ? `the first ${count}` : count} in ${seconds.toFixed(2)} s`;
}

function issueOf(error: unknown): { readonly line: number; readonly column: number } | undefined {
  const issue = error instanceof ProblemError ? error.problem.issues?.[0] : undefined;
  return issue?.line === undefined ? undefined : { line: issue.line, column: issue.column ?? 1 };
}

/** The line that is wrong, with a mark below the place. */
function Where({ error, sql }: { readonly error: unknown; readonly sql: string }) {
  const issue = issueOf(error);
  const line = issue === undefined ? undefined : sql.split('\n')[issue.line - 1];
  if (issue === undefined || line === undefined) return null;
  return (
    <pre className="panel mono" aria-label={`Line ${issue.line}, column ${issue.column}`}>
      {`line ${issue.line}, column ${issue.column}\n${line}\n${' '.repeat(issue.column - 1)}^`}
    </pre>
  );
}

/** Puts the cursor where the server found a fault. */
function goTo(editor: HTMLTextAreaElement | null, error: unknown): void {
  const issue = issueOf(error);
  if (editor === null || issue === undefined) return;
  const before = editor.value.split('\n').slice(0, issue.line - 1);
  const at = before.reduce((sum, line) => sum + line.length + 1, 0) + issue.column - 1;
  editor.focus();
  editor.setSelectionRange(at, at);
}
