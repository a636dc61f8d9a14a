// The real server as a process of its own, for tests that kill it. Its options come as JSON; its first line is its URL.
import { startServer } from '../../server/server.ts';
import type { ServerOptions } from '../../server/server.ts';

const server = await startServer(JSON.parse(process.argv[2]!) as ServerOptions);
process.stdout.write(`${server.url}\n`);
