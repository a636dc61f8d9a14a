// Follows a run and writes what it records as CSV, from its first step to its end, over cut connections and restarts of the server:
//   npx tsx examples/tail-run.ts http://127.0.0.1:8787 RUN 'Building_1/clean/net' > run.csv
// Outside of this repository import from 'faultline/client'.
import { once } from 'node:events';
import { connect } from '../server/client/index.ts';

const [url, run, ...wanted] = process.argv.slice(2);
if (url === undefined || run === undefined) {
  console.error('usage: tail-run.ts URL RUN [CHANNEL…]');
  process.exit(2);
}
const token = process.env['FAULTLINE_TOKEN'];
const tail = connect(url, token === undefined ? {} : { token }).tail(run);
let columns: readonly number[] | undefined;
for await (const { step0, rows, values } of tail) {
  const channels = tail.schema!.channels.map((channel) => channel.name);
  if (columns === undefined) {
    columns = wanted.length === 0 ? channels.map((_, c) => c) : wanted.map((name) => channels.indexOf(name));
    const unknown = wanted[columns.indexOf(-1)];
    if (unknown !== undefined) throw new Error(`no channel '${unknown}'; there are ${channels.join(', ')}`);
    process.stdout.write(`step,${columns.map((c) => channels[c]).join(',')}\n`);
  }
  let text = '';
  for (let r = 0; r < rows; r++) text += `${step0 + r},${columns.map((c) => values[c * rows + r]).join(',')}\n`;
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}
console.error(`run ${run} is ${tail.state}`);
