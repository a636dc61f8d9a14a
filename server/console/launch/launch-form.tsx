import { Button, Group, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import type { Problem } from '../../events.ts';
import { ProblemError } from '../wire/api.ts';
import { ErrorNote } from '../wire/error-note.tsx';
import { usePolicies } from '../wire/listings.ts';
import { launchRun } from '../wire/sockets.ts';
import { useValidation } from './scenario-api.ts';
import { ScenarioText } from './scenario-text.tsx';
import { errorsOf } from './form-context.ts';
import type { Json, JsonSchema } from './json-schema.ts';
import { SchemaForm } from './schema-form.tsx';
import { StartFrom } from './start-from.tsx';
import { useDraft } from './use-draft.ts';

/** Where a scenario names a policy. */
const policyPointers = [
  '/victim/policy',
  ...['base', 'auxiliary', 'teacher'].map((option) => `/modules/*/config/${option}`),
];

/** The two editors of a scenario, what the server says of it, and the button. */
export function LaunchForm({ schema, initial }: { readonly schema: JsonSchema; readonly initial: Json | undefined }) {
  const draft = useDraft(schema, initial);
  const [, navigate] = useLocation();
  const [example, setExample] = useState('');
  const policies = usePolicies();
  const suggestions = useMemo(
    () => new Map(policyPointers.map((pointer) => [pointer, policies.data ?? []])),
    [policies.data],
  );
  const validation = useValidation(draft.textError === null ? draft.text : null);
  const launch = useMutation({
    mutationFn: () => launchRun(draft.value),
    onSuccess: (run) => navigate(`/runs/${run.id}`),
  });
  const refused: Problem | null = launch.error instanceof ProblemError ? launch.error.problem : null;
  const problem = validation.problem ?? refused;
  const errors = errorsOf(problem);

  return (
    <form
      className="launch"
      onSubmit={(event) => {
        event.preventDefault();
        launch.mutate();
      }}
    >
      <div className="panel">
        <SchemaForm
          schema={schema}
          value={draft.shown}
          onChange={draft.setValue}
          errors={errors}
          suggestions={suggestions}
        />
      </div>
      <div className="launch-side">
        <Group className="panel" align="end" gap="sm">
          <StartFrom
            none="the defaults"
            value={example}
            choose={(name, text) => {
              setExample(name);
              draft.setText(text ?? '');
            }}
          />
          <Button
            type="submit"
            ml="auto"
            size="sm"
            loading={launch.isPending}
            disabled={draft.textError !== null || validation.problem !== null}
          >
            Launch
          </Button>
        </Group>
        {launch.isError && refused === null && <ErrorNote error={launch.error} />}
        <p className="verdict" role="status" data-valid={problem === null && draft.textError === null}>
          {draft.textError !== null
            ? 'The text cannot be read.'
            : validation.checking
              ? 'Checking …'
              : problem === null
                ? 'The server accepts this scenario.'
                : `The server does not accept this scenario: ${problem.issues?.length ?? 1} to correct.`}
        </p>
        {problem !== null && <Issues problem={problem} />}
        <section className="panel" aria-labelledby="scenario-text">
          <Title order={2} id="scenario-text">
            Scenario
          </Title>
          <ScenarioText
            description="The same value as the form; either can be edited. YAML or JSON."
            value={draft.text}
            error={draft.textError}
            onChange={draft.setText}
            maxRows={48}
          />
        </section>
      </div>
    </form>
  );
}

/** Everything that is wrong, also what no field of the form shows. */
function Issues({ problem }: { readonly problem: Problem }) {
  return (
    <ul className="issues">
      {(problem.issues ?? [{ pointer: '/', message: problem.detail }]).map((issue) => (
        <li key={issue.pointer + issue.message}>
          <code>{issue.pointer === '' ? '/' : issue.pointer}</code>
          {'line' in issue && issue.line !== undefined ? ` line ${issue.line}` : ''}: {issue.message}
        </li>
      ))}
    </ul>
  );
}
