import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { decodeFrame } from '../../core/frame-codec.ts';
import type { TelemetrySchema } from '../../core/telemetry.ts';
import type { ReportDocument } from '../../evaluation/report/document.ts';
import { reportHtml } from '../../evaluation/report/html.ts';
import { RendererError } from '../../server/figure-png.ts';
import type { Problem, RunDetail } from '../../server/events.ts';
import { smallScenario } from '../support/model-folder.ts';
import { recordedValue, writeRecordedRuns } from '../support/recorded-run.ts';
import { api, launch, openServer, runOf, tempFolder } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

const [frames, rows] = [12, 8];
const schema: TelemetrySchema = {
  version: 1,
  dt: 3600,
  channels: [
    { name: 'Building_1/clean/net', unit: 'kWh', lane: 'Building_1/clean', signal: 'net' },
    { name: 'Building_1/pgd/net', unit: 'kWh', lane: 'Building_1/pgd', signal: 'net' },
  ],
};
let folder: ReturnType<typeof tempFolder>;
let server: TestServer;
let url: string;
let run: RunDetail;

beforeAll(async () => {
  folder = tempFolder();
  const store = join(folder.path, 'store');
  writeRecordedRuns(store, [
    {
      id: 'done',
      name: 'a <script>alert(1)</script>',
      attack: 'pgd',
      frames,
      rows,
      schema,
      kpis: { electricity_consumption_total: 1.25 },
    },
    { id: 'bare' },
  ]);
  server = await openServer({ maxConcurrent: 0, store });
  url = server.url;
  run = await runOf(url, 'done');
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const get = (path: string): Promise<Response> => fetch(`${url}/api/v1/runs/${path}`);

describe('report.html', () => {
  it('is what the command line makes of the same run, and runs and fetches nothing', async () => {
    const response = await get('done/report.html');
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    expect(response.headers.get('content-security-policy')).toMatch(/default-src 'none';.*sandbox/);
    const html = await response.text();
    const bytes = new Uint8Array(await (await get('done/frames?limit=256')).arrayBuffer());
    const read = [];
    for (let at = 0; at < bytes.length;) {
      const length = new DataView(bytes.buffer).getUint32(at, true);
      read.push(decodeFrame(bytes.slice(at + 4, at + 4 + length)));
      at += 4 + length;
    }
    expect(html).toBe(reportHtml(run.result!, schema, read));
    expect(html.match(/<svg xmlns/g)).toHaveLength(2);
    expect(html).not.toContain('<script>alert');
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).not.toMatch(/(src|href)=/);
    const block = /<script type="application\/json" id="result">(.*)<\/script>/.exec(html)![1]!;
    expect(JSON.parse(block)).toEqual(run.result);
  });

  it('has no figures where nothing that is drawn was recorded', async () => {
    const html = await (await get('bare/report.html')).text();
    expect(html).toContain('<h2>Attacks</h2>');
    expect(html).not.toContain('<svg');
  });
});

describe('report.json', () => {
  it('holds the figures as numbers, checked by hand, and the techniques', async () => {
    const { status, body } = await api<ReportDocument>(url, '/runs/done/report.json');
    expect(status).toBe(200);
    expect(body.result).toEqual(run.result);
    expect(body.figures.map(({ name }) => name)).toEqual(['load-duration', 'average-day']);
    const steps = frames * rows;
    const [duration, day] = body.figures as [ReportDocument['figures'][0], ReportDocument['figures'][0]];
    expect(duration.series.map(({ label }) => label)).toEqual(['clean', 'pgd']);
    expect(duration.series[0]!.y).toEqual(Array.from({ length: steps }, (_, i) => steps - 1 - i));
    expect(duration.series[0]!.x[1]).toBeCloseTo(100 / steps, 12);
    // Four days of hours: steps h, h + 24, h + 48, h + 72.
    expect(day.series[0]!.y).toEqual(Array.from({ length: 24 }, (_, h) => h + 36));
    // One without a value leaves its hour out: no mean is made of what is not known.
    const hours = Array.from({ length: 24 }, (_, h) => h).filter((h) =>
      [0, 24, 48, 72].every((d) => !Number.isNaN(recordedValue(1, h + d))),
    );
    expect(day.series[1]!.x).toEqual(hours);
    expect(body.attacks).toMatchObject([{ label: 'pgd', techniques: [{ id: 'T1692.002' }, {}, {}, {}, {}] }]);
  });
});

describe('figures', () => {
  it('are SVG files of their own', async () => {
    const response = await get('done/figures/average-day.svg');
    expect(response.headers.get('content-type')).toMatch(/^image\/svg\+xml/);
    expect(response.headers.get('content-disposition')).toBe('inline; filename="average-day.svg"');
    const svg = await response.text();
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" .*aria-label="Building_1: an average day"/);
    for (const label of ['clean', 'pgd']) expect(svg).toContain(`>${label}</text>`);
  });

  it('are PNG files of twice the size, the same each time', async () => {
    const [one, two] = await Promise.all(
      [1, 2].map(async () => Buffer.from(await (await get('done/figures/load-duration.png')).arrayBuffer())),
    );
    expect(one!.subarray(1, 4).toString()).toBe('PNG');
    expect([one!.readUInt32BE(16), one!.readUInt32BE(20)]).toEqual([1800, 2 * 346]);
    expect(one!.equals(two!)).toBe(true);
  });

  it.each(['done/figures/nothing.png', 'done/figures/..%2f..%2flab.svg', 'bare/figures/average-day.svg'])(
    '%s: 404, with the names there are',
    async (path) => {
      const { status, body } = await api<Problem>(url, `/runs/${path}`);
      expect([status, body.code]).toEqual([404, 'not-found']);
      expect(body.detail).toContain(path.startsWith('bare') ? 'but none' : 'load-duration, average-day');
    },
  );

  it('say which package is missing', async () => {
    vi.resetModules();
    vi.doMock('@resvg/resvg-js', () => {
      throw new Error('Cannot find package');
    });
    const { figurePng } = await import('../../server/figure-png.ts');
    await expect(figurePng('<svg/>')).rejects.toThrow(/PNG files need the package @resvg\/resvg-js/);
    await expect(figurePng('<svg/>')).rejects.toMatchObject({ code: new RendererError('').code });
    vi.doUnmock('@resvg/resvg-js');
  });
});

describe('exports', () => {
  it('STIX, the same identifiers each time, and a Navigator layer', async () => {
    const one = await api<{ id: string; objects: { type: string }[] }>(url, '/runs/done/stix.json');
    expect(one.body.objects.map(({ type }) => type)).toContain('attack-pattern');
    expect((await api<{ id: string }>(url, '/runs/done/stix.json')).body.id).toBe(one.body.id);
    const layer = await api<{ techniques: { score: number }[] }>(url, '/runs/done/navigator-layer.json');
    expect(layer.body.techniques[0]!.score).toBeCloseTo(0.25, 12);
  });

  it('JUnit with gates; a condition that is none is refused', async () => {
    const bad = encodeURIComponent('regret.electricity_consumption_total > 0.1');
    const good = encodeURIComponent('regret.electricity_consumption_total > 0.5');
    const xml = await (await get(`done/junit.xml?failIf=${bad}&failIf=${good}`)).text();
    expect(xml).toContain('<testsuite name="gates" tests="2" failures="1" errors="0"');
    expect(await (await get('done/junit.xml')).text()).toContain('<testsuite name="gates" tests="0"');
    for (const failIf of ['regret.nothing > 1', '(((', 'import({a: 1})', '9^9^9^9^9 > ', 'x'.repeat(501)]) {
      const { status } = await api<Problem>(url, `/runs/done/junit.xml?failIf=${encodeURIComponent(failIf)}`);
      expect([failIf, status]).toEqual([failIf, 422]);
    }
  });

  it('of a run without a result, or that is not there: 404', async () => {
    const queued = await launch(url, smallScenario({}));
    for (const id of [queued.id, 'nobody'])
      for (const file of ['report.html', 'report.json', 'stix.json', 'junit.xml', 'navigator-layer.json'])
        expect((await get(`${id}/${file}`)).status).toBe(404);
  });
});
