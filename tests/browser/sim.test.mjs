// The report of simulations, opened from the disk as its reader would.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { browser, fits, open, paleTexts } from './pex.mjs';

const HOSTILE = '<img src=x onerror=alert(1)>';
const SHOTS = process.env.SHOTS;

let chromium, folder, one, many, outcome, outcomes;

async function sim(...args) {
  await promisify(execFile)(process.env.PEX, ['sim', ...args], { cwd: folder });
}

before(async () => {
  chromium = await browser();
  folder = await mkdtemp(join(tmpdir(), 'pex-sim-'));
  const scenario = join(folder, 'some.toml');
  await writeFile(scenario, `
    title = "${HOSTILE}"
    duration = "30s"
    [[nodes]]
    count = 60
    [[nodes]]
    count = 6
    starts = "2s"
    [churn]
    replaced-a-minute = 0.05
  `);
  await sim(scenario, '--seed', '7', '--html', 'one.html', '--json', 'one.json');
  await sim(scenario, '--sweep', 'nodes.0.count=20,40', '--sweep', 'faults.loss=0,0.1', '--seeds', '2', '--html', 'many.html', '--json', 'many.json');
  const read = async (name) => (await readFile(join(folder, name), 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
  [outcome] = await read('one.json');
  outcomes = await read('many.json');
  [one, many] = ['one.html', 'many.html'].map((name) => pathToFileURL(join(folder, name)).href);
});

after(async () => {
  await chromium?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** A report, and every request for anything but itself. */
async function report(url, options) {
  const opened = await open(chromium, url, options);
  const requests = [];
  opened.page.on('request', (request) => requests.push(request.url()));
  await opened.page.locator('h1').waitFor();
  return { ...opened, requests };
}

async function shot(page, name) {
  if (!SHOTS) return;
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
}

/** Unfolds every case. */
const unfold = (page) => page.evaluate(() => document.querySelectorAll('details').forEach((it) => { it.open = true; }));

test('its numbers are those of the JSON', async () => {
  const { page, context, errors, requests } = await report(one);
  const last = outcome.samples.at(-1);
  const number = async (id) => parseFloat((await page.locator(`#${id}`).textContent()).replaceAll(',', ''));
  assert.equal(await number('living'), last.living);
  assert.ok(Math.abs(await number('known') - last.known.mean * 100) < 0.1);
  const [group] = outcome.population;
  const cells = await page.locator('#population tbody tr').first().locator('td').allTextContents();
  const counts = [group.born, group.living, group.requests, group.answers, group.bytes, group.dials, group.faults_seen];
  assert.deepEqual(cells.map((it) => Number(it.replaceAll(',', ''))), counts);
  assert.deepEqual([errors, requests], [[], []]);
  await context.close();
});

test('each chart says what it is and draws something', async () => {
  const { page, context, errors } = await report(one);
  const charts = page.locator('svg.chart');
  assert.equal(await charts.count(), 7);
  for (const chart of await charts.all()) {
    assert.match(await chart.getAttribute('aria-label'), /\w+ \w+/);
    const drawn = await chart.evaluate((it) => [...it.querySelectorAll('.line, .column')].filter((part) => part.getBBox().width > 1).length);
    assert.ok(drawn > 0, await chart.getAttribute('aria-label'));
    const text = await chart.evaluate((it) => it.outerHTML);
    assert.doesNotMatch(text, /NaN|inf/);
  }
  const columns = page.locator('svg[aria-label*="dialed"] rect');
  assert.equal(await columns.count(), outcome.in_degrees.counts.length);
  assert.deepEqual(errors, []);
  await context.close();
});

test('what it says to run again gives the same run', async () => {
  const { page, context, errors } = await report(one);
  const [scenario, command] = await page.locator('#again pre').allTextContents();
  assert.equal(command, 'pex sim scenario.toml --seed 7');
  await writeFile(join(folder, 'scenario.toml'), scenario);
  await sim(...command.split(' ').slice(2), '--json', 'again.json');
  assert.equal(await readFile(join(folder, 'again.json'), 'utf8'), await readFile(join(folder, 'one.json'), 'utf8'));
  assert.deepEqual(errors, []);
  await context.close();
});

test('scenarios of a sweep are side by side, and unfold', async () => {
  const { page, context, errors, requests } = await report(many);
  assert.equal(outcomes.length, 8);
  const rows = page.locator('#cases tbody tr');
  assert.deepEqual(await rows.locator('th').allTextContents(), [
    'nodes.0.count = 20, faults.loss = 0.0', 'nodes.0.count = 20, faults.loss = 0.1',
    'nodes.0.count = 40, faults.loss = 0.0', 'nodes.0.count = 40, faults.loss = 0.1',
  ]);
  assert.equal(await page.locator('#compare .line.v3').count(), await page.locator('#compare svg.chart').count());
  const first = page.locator('details').first();
  assert.ok(!await first.locator('svg').first().isVisible());
  await first.locator('summary').focus();
  await page.keyboard.press('Enter');
  assert.ok(await first.locator('svg').first().isVisible());
  await shot(page, 'sim-many');
  assert.deepEqual([errors, requests], [[], []]);
  await context.close();
});

test('what the title of a scenario says is text', async () => {
  const { page, context, errors } = await report(one);
  assert.equal(await page.locator('h1').textContent(), HOSTILE);
  assert.equal(await page.locator('img').count(), 0);
  assert.deepEqual(errors, []);
  await context.close();
});

for (const colorScheme of ['light', 'dark']) {
  test(`it can be read in ${colorScheme}`, async () => {
    for (const [url, name] of [[one, 'one'], [many, 'unfolded']]) {
      const { page, context, errors } = await report(url, { colorScheme });
      await unfold(page);
      const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
      assert.equal(ground[0] > 128, colorScheme === 'light');
      assert.deepEqual(await paleTexts(page), []);
      await shot(page, `sim-${name}-${colorScheme}`);
      assert.deepEqual(errors, []);
      await context.close();
    }
  });
}

test('on a phone it is no wider than the screen', async () => {
  for (const [url, name] of [[one, 'one'], [many, 'many']]) {
    const { page, context, errors } = await report(url, { viewport: { width: 360, height: 740 }, isMobile: true });
    await unfold(page);
    assert.ok(await fits(page));
    await shot(page, `sim-${name}-phone`);
    assert.deepEqual(errors, []);
    await context.close();
  }
});
