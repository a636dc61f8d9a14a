import { Button, Group, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { keepToken } from './token.ts';

/** Asks for the bearer token of a server that refused us, and starts again with it. */
export function TokenForm() {
  const [token, setToken] = useState('');
  return (
    <form
      className="panel token"
      onSubmit={(event) => {
        event.preventDefault();
        keepToken(token.trim());
        location.reload();
      }}
    >
      <Group align="end" gap="sm">
        <PasswordInput
          label="Access token"
          description="This server asks for one: the value of --token or FAULTLINE_TOKEN it was started with."
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          w={420}
          autoComplete="off"
        />
        <Button type="submit" disabled={token.trim() === ''}>
          Connect
        </Button>
      </Group>
    </form>
  );
}
