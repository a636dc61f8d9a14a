import { expect, it } from 'vitest';
import { disturbed } from '../../bench/server.ts';

it('a transport that is cut 20 times and a server killed five times in one run: no frame lost, none twice', async () => {
  expect(await disturbed()).toEqual({
    what: '20 cuts of the transport and 5 kills (SIGKILL) of the server in one run',
    delivered: '2000 of 2000',
    'in order': true,
    lost: 0,
    twice: 0,
  });
}, 240_000);
