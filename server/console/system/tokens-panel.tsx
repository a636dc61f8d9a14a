import { Alert, Button, CopyButton, Group, NativeSelect, Table, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ProblemError } from '../wire/api.ts';
import { ErrorNote } from '../wire/error-note.tsx';
import { issueToken, listTokens, revokeToken } from './tokens-api.ts';
import type { Scope, TokenEntry } from './tokens-api.ts';

const scopes: readonly { readonly value: Scope; readonly label: string }[] = [
  { value: 'read', label: 'read: look at runs' },
  { value: 'run', label: 'run: launch and steer them too' },
  { value: 'admin', label: 'admin: everything' },
];
const daySeconds = 86_400;
const lifetimes = [
  { value: String(daySeconds), label: 'a day' },
  { value: String(30 * daySeconds), label: '30 days' },
  { value: String(365 * daySeconds), label: 'a year' },
  { value: '', label: 'until it is revoked' },
];

/** Tokens that were issued: a new one is shown once, any can be revoked. */
export function TokensPanel() {
  const client = useQueryClient();
  const tokens = useQuery({ queryKey: ['tokens'], queryFn: ({ signal }) => listTokens(signal), retry: false });
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: ['tokens'] });
  const issue = useMutation({
    mutationFn: ({ name, scope, lifetime }: { name: string; scope: Scope; lifetime: string }) =>
      issueToken(name, scope, lifetime === '' ? null : Number(lifetime)),
    onSuccess: refresh,
  });
  const revoke = useMutation({ mutationFn: revokeToken, onSuccess: refresh });
  const mayNot = tokens.error instanceof ProblemError && tokens.error.problem.status === 403;
  return (
    <section className="panel">
      <Title order={2} mb={4}>
        Tokens
      </Title>
      {mayNot && <p className="hint">Only a token of scope admin sees and issues tokens.</p>}
      {tokens.error !== null && !mayNot && <ErrorNote error={tokens.error} retry={() => void tokens.refetch()} />}
      {tokens.data !== undefined && (
        <>
          <TokenForm
            busy={issue.isPending}
            onIssue={(name, scope, lifetime) => issue.mutate({ name, scope, lifetime })}
          />
          {issue.error !== null && <ErrorNote error={issue.error} />}
          {issue.data !== undefined && (
            <Secret name={issue.data.name} token={issue.data.token} onDone={() => issue.reset()} />
          )}
          {revoke.error !== null && <ErrorNote error={revoke.error} />}
          <TokenTable tokens={tokens.data} onRevoke={(id) => revoke.mutate(id)} />
        </>
      )}
    </section>
  );
}

function TokenForm({
  busy,
  onIssue,
}: {
  readonly busy: boolean;
  readonly onIssue: (name: string, scope: Scope, lifetime: string) => void;
}) {
  const [name, setName] = useState('');
  const [scope, setScope] = useState<Scope>('read');
  const [lifetime, setLifetime] = useState(lifetimes[1]!.value);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onIssue(name.trim(), scope, lifetime);
        setName('');
      }}
    >
      <Group gap="sm" align="end" mb="sm">
        <TextInput
          size="xs"
          label="Whose it is"
          value={name}
          maxLength={120}
          required
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <NativeSelect
          size="xs"
          label="What it allows"
          data={[...scopes]}
          value={scope}
          onChange={(event) => setScope(event.currentTarget.value as Scope)}
        />
        <NativeSelect
          size="xs"
          label="For how long"
          data={lifetimes}
          value={lifetime}
          onChange={(event) => setLifetime(event.currentTarget.value)}
        />
        <Button size="xs" type="submit" disabled={busy || name.trim() === ''}>
          Issue a token
        </Button>
      </Group>
    </form>
  );
}

function Secret({
  name,
  token,
  onDone,
}: {
  readonly name: string;
  readonly token: string;
  readonly onDone: () => void;
}) {
  return (
    <Alert variant="outline" color="blue" className="secret" title={`The token of ${name}`} role="status" mb="sm">
      <p>It is shown this once: the server keeps only what it can recognise it by.</p>
      <code className="mono">{token}</code>
      <Group gap="xs" mt="xs">
        <CopyButton value={token}>
          {({ copied, copy }) => (
            <Button size="compact-xs" variant="default" onClick={copy}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
        <Button size="compact-xs" variant="default" onClick={onDone}>
          I have it
        </Button>
      </Group>
    </Alert>
  );
}

function TokenTable({
  tokens,
  onRevoke,
}: {
  readonly tokens: readonly TokenEntry[];
  readonly onRevoke: (id: string) => void;
}) {
  const [asked, setAsked] = useState<string>();
  if (tokens.length === 0) return <p className="hint">None was issued.</p>;
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          {['Whose', 'Allows', 'Issued', 'Until', 'Revoke'].map((head) => (
            <Table.Th key={head} scope="col">
              {head}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {tokens.map(({ id, name, scopes: allowed, createdAt, expiresAt }) => (
          <Table.Tr key={id}>
            <Table.Th scope="row">{name}</Table.Th>
            <Table.Td>{allowed.join(', ')}</Table.Td>
            <Table.Td>{new Date(createdAt).toLocaleString()}</Table.Td>
            <Table.Td>{expiresAt === null ? 'it is revoked' : new Date(expiresAt).toLocaleString()}</Table.Td>
            <Table.Td>
              {asked === id ? (
                <Group gap={4}>
                  <Button size="compact-xs" color="red" onClick={() => onRevoke(id)}>
                    Revoke {name}
                  </Button>
                  <Button size="compact-xs" variant="default" onClick={() => setAsked(undefined)}>
                    Keep
                  </Button>
                </Group>
              ) : (
                <Button
                  size="compact-xs"
                  variant="default"
                  aria-label={`Revoke ${name} …`}
                  onClick={() => setAsked(id)}
                >
                  Revoke …
                </Button>
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
