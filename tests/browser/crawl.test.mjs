// The report of a crawl, opened from the disk as its reader would.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { browser, fits, open, paleTexts, start } from './pex.mjs';

const HOSTILE = '<img src=x onerror=alert(1)>';
const SHOTS = process.env.SHOTS;
const CHAIN = 'test-1';

let chromium, folder, url, nodes, summary;
const running = [];

before(async () => {
  chromium = await browser();
  folder = await mkdtemp(join(tmpdir(), 'pex-crawl-'));
  const network = await start('testnet', '--nodes', '60', '--gone', '5', '--chain-id', CHAIN);
  running.push(network);
  const hostile = await start('serve', '--chain-id', CHAIN, '--listen', '127.0.0.1:0', '--moniker', HOSTILE);
  running.push(hostile);
  const [html, json] = [join(folder, 'crawl.html'), join(folder, 'crawl.json')];
  await promisify(execFile)(process.env.PEX, [
    'crawl', '--chain-id', CHAIN, '--seed', `${network.address},${hostile.address}`,
    '--retry-after', '100ms', '--html', html, '--json', json,
  ]);
  const lines = (await readFile(json, 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
  ({ summary } = lines.pop());
  nodes = lines;
  url = pathToFileURL(html).href;
});

after(async () => {
  await chromium?.close();
  await Promise.all(running.map((it) => it.stop()));
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** The report, and every request for anything but itself. */
async function report(options) {
  const opened = await open(chromium, url, options);
  const requests = [];
  opened.page.on('request', (request) => requests.push(request.url()));
  await opened.page.locator('#list tbody tr').first().waitFor();
  return { ...opened, requests };
}

async function shot(page, name) {
  if (!SHOTS) return;
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
}

const rows = (page) => page.locator('#list tbody tr');
const column = (page, number) => rows(page).locator(`td:nth-child(${number})`).allTextContents();

test('its numbers are those of the JSON result', async () => {
  const { page, context, errors, requests } = await report();
  const number = async (id) => Number(await page.locator(`#${id}`).textContent());
  assert.equal(await number('found'), summary.nodes);
  assert.equal(await number('found'), nodes.length);
  assert.equal(await number('reached'), nodes.filter((it) => it.reachable).length);
  assert.equal(await number('unreachable'), nodes.filter((it) => !it.reachable).length);
  assert.equal(await page.locator('#percent').textContent(), `${summary.percent} %`);
  assert.ok((await page.locator('#completeness').textContent()).includes(summary.completeness));
  for (const [title, counts] of [['Versions', summary.versions], ['Dialects', summary.dialects], ['Dial errors', summary.errors], ['Networks', summary.networks]]) {
    const group = page.locator('.group', { has: page.getByRole('heading', { name: title, exact: true }) });
    assert.deepEqual(await group.locator('th').allTextContents(), counts.map((it) => it.name));
    assert.deepEqual((await group.locator('td:last-child').allTextContents()).map(Number), counts.map((it) => it.nodes));
  }
  assert.equal(await page.locator('.network circle').count(), nodes.length);
  assert.deepEqual((await column(page, 1)).sort(), nodes.map((it) => it.id).sort());
  assert.deepEqual([errors, requests], [[], []]);
  await context.close();
});

test('the list is searched and sorted', async () => {
  const { page, context, errors } = await report();
  await page.locator('#search').fill('node-7');
  const found = nodes.filter((it) => it.moniker?.includes('node-7'));
  assert.equal(await rows(page).count(), found.length);
  assert.equal(await page.locator('#shown').textContent(), `${found.length} nodes`);
  await page.locator('#search').fill('refused');
  assert.equal(await rows(page).count(), summary.unreachable, 'an error is found by its words');
  await page.locator('#search').fill('');

  const told = page.getByRole('button', { name: 'Told by' });
  await told.click();
  const counts = (await column(page, 8)).map(Number);
  assert.deepEqual(counts, counts.toSorted((a, b) => b - a), 'the most first');
  await told.click();
  assert.deepEqual((await column(page, 8)).map(Number), counts.toSorted((a, b) => a - b));
  const heads = page.locator('#list th[aria-sort=ascending]');
  assert.deepEqual(await heads.allTextContents(), ['Told by']);
  await page.getByRole('button', { name: 'Version' }).click();
  const versions = await column(page, 6);
  assert.deepEqual(versions, versions.toSorted());

  const node = nodes.find((it) => it.reachable && !it.seed);
  await page.locator(`.network circle[data-id="${node.id}"]`).click();
  assert.deepEqual(await column(page, 1), [node.id], 'a node in the picture is found in the list');
  assert.deepEqual(errors, []);
  await context.close();
});

test('what a hostile node calls itself is text', async () => {
  const { page, context, errors } = await report();
  await page.locator('#search').fill('onerror');
  assert.deepEqual(await column(page, 7), [HOSTILE]);
  assert.equal(await page.locator('img').count(), 0);
  const titles = await page.locator('.network title').allTextContents();
  assert.equal(titles.filter((it) => it.includes(HOSTILE)).length, 1);
  await shot(page, 'crawl-hostile');
  assert.deepEqual(errors, []);
  await context.close();
});

for (const colorScheme of ['light', 'dark']) {
  test(`it can be read in ${colorScheme}`, async () => {
    const { page, context, errors } = await report({ colorScheme });
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
    assert.equal(ground[0] > 128, colorScheme === 'light');
    assert.deepEqual(await paleTexts(page), []);
    await shot(page, `crawl-${colorScheme}`);
    assert.deepEqual(errors, []);
    await context.close();
  });
}

test('on a phone it is no wider than the screen', async () => {
  const { page, context, errors } = await report({ viewport: { width: 360, height: 740 }, isMobile: true });
  assert.ok(await fits(page));
  await shot(page, 'crawl-phone');
  assert.deepEqual(errors, []);
  await context.close();
});
