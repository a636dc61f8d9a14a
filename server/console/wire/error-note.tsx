import { Alert, Button, List } from '@mantine/core';
import { ProblemError, UnreachableError } from './api.ts';

/** An error as a person should read it; `retry` offers another attempt. */
export function ErrorNote({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  const problem = error instanceof ProblemError ? error.problem : undefined;
  const title =
    problem?.title ?? (error instanceof UnreachableError ? 'The server does not answer' : 'Something went wrong');
  return (
    <Alert color="red" variant="outline" title={title} role="alert" className="error-note">
      {problem === undefined
        ? error instanceof UnreachableError
          ? 'Is `faultline serve` running? This page tries again by itself when the connection is back.'
          : String(error instanceof Error ? error.message : error)
        : problem.detail}
      {problem?.issues !== undefined && problem.issues.length > 0 && (
        <List size="sm" mt="xs">
          {problem.issues.map((issue) => (
            <List.Item key={issue.pointer + issue.message}>
              <code>{issue.pointer === '' ? '/' : issue.pointer}</code> {issue.message}
            </List.Item>
          ))}
        </List>
      )}
      {retry !== undefined && (
        <Button size="xs" mt="sm" variant="default" onClick={retry}>
          Try again
        </Button>
      )}
    </Alert>
  );
}
