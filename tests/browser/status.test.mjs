// The status page, as an operator meets it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mkdir } from 'node:fs/promises';
import { browser, fits, freePort, node, open, paleTexts } from './pex.mjs';

const HOSTILE = '<img src=x onerror="document.title=\'owned\';alert(1)">';
const PATIENCE = { timeout: 60_000 };
const SHOTS = process.env.SHOTS;

let chromium, watched, url;
const nodes = [];

before(async () => {
  chromium = await browser();
  const port = await freePort();
  url = `http://127.0.0.1:${port}/`;
  watched = await node('--moniker', 'watched', '--status', `127.0.0.1:${port}`);
  nodes.push(watched);
});

after(async () => {
  await chromium?.close();
  await Promise.all(nodes.map((it) => it.stop()));
});

/** One more node that knows the one that is watched. */
async function joins(moniker) {
  const one = await node('--moniker', moniker, '--persistent-peers', watched.address);
  nodes.push(one);
  return one;
}

const figure = (page, name) => page.locator('.figures > div', { hasText: name }).locator('dd').first();
const number = async (locator) => Number((await locator.textContent()).replace(/\D/g, ''));
const table = (page, name) => page.getByRole('table', { name, exact: true });

async function shot(page, name) {
  if (!SHOTS) return;
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
}

test('numbers change without a reload as nodes come and go', async () => {
  const { page, context, errors } = await open(chromium, url);
  await page.getByRole('status').filter({ hasText: 'Live' }).waitFor(PATIENCE);
  await page.evaluate(() => { window.sameDocument = true; });
  const peers = figure(page, 'Peers connected');
  const had = await number(peers);
  const comes = await joins('comes-and-goes');
  await page.waitForFunction(([text, had]) => {
    const at = [...document.querySelectorAll('.figures > div')].find((it) => it.textContent.includes(text));
    return Number(at.querySelector('dd').textContent) === had + 1;
  }, ['Peers connected', had], PATIENCE);
  await table(page, 'Last arrivals').getByText('comes-and-goes').first().waitFor(PATIENCE);
  assert.match(await table(page, 'Peers by version').textContent(), /pex\/\d/);
  assert.match(await table(page, 'Peers by address group').textContent(), /local/);
  await comes.stop();
  await page.waitForFunction(([text, had]) => {
    const at = [...document.querySelectorAll('.figures > div')].find((it) => it.textContent.includes(text));
    return Number(at.querySelector('dd').textContent) === had;
  }, ['Peers connected', had], PATIENCE);
  assert.equal(await page.evaluate(() => window.sameDocument), true, 'the page was loaded again');
  assert.deepEqual(errors, []);
  await context.close();
});

test('what a stranger calls itself is text and does nothing', async () => {
  await joins(HOSTILE);
  const { page, context, errors } = await open(chromium, url);
  await table(page, 'Last arrivals').getByText(HOSTILE).first().waitFor(PATIENCE);
  assert.equal(await page.locator('img').count(), 0);
  assert.notEqual(await page.title(), 'owned');
  assert.deepEqual(errors, []);
  await context.close();
});

test('markup that got in all the same would do nothing', async () => {
  const { page, context, errors } = await open(chromium, url);
  await page.getByRole('status').filter({ hasText: 'Live' }).waitFor(PATIENCE);
  await page.evaluate(() => {
    const holder = document.createElement('div');
    document.body.append(holder);
    holder['inner' + 'HTML'] = '<img src="/x" onerror="document.title=\'owned\'"><script>document.title="owned"<' + '/script>';
  });
  await page.waitForTimeout(500);
  assert.notEqual(await page.title(), 'owned');
  assert.ok(errors.some((it) => it.includes('Content Security Policy')), errors.join('\n'));
  await context.close();
});

for (const colorScheme of ['light', 'dark']) {
  test(`every text can be read when it is ${colorScheme}`, async () => {
    const { page, context, errors } = await open(chromium, url, { colorScheme });
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor(PATIENCE);
    await page.locator('.chart path.known').first().waitFor({ state: 'attached', ...PATIENCE });
    const ground = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const bright = ground.match(/\d+/g).slice(0, 3).every((part) => Number(part) > 128);
    assert.equal(bright, colorScheme === 'light', ground);
    assert.deepEqual(await paleTexts(page), []);
    assert.deepEqual(errors, []);
    await shot(page, colorScheme);
    await context.close();
  });
}

test('it fits a phone', async () => {
  const { page, context, errors } = await open(chromium, url, {
    viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true,
  });
  await table(page, 'Last arrivals').getByText(HOSTILE).first().waitFor(PATIENCE);
  assert.ok(await fits(page), 'it scrolls sideways');
  // A finger finds the buttons.
  for (const button of await page.getByRole('button').all()) {
    assert.ok((await button.boundingBox()).height >= 32, await button.textContent());
  }
  assert.deepEqual(errors, []);
  await shot(page, 'phone');
  await context.close();
});

test('it can be used by keyboard and by ear', async () => {
  const { page, context, errors } = await open(chromium, url);
  await page.getByRole('status').filter({ hasText: 'Live' }).waitFor(PATIENCE);
  for (const landmark of ['banner', 'main', 'contentinfo']) {
    assert.equal(await page.getByRole(landmark).count(), 1, landmark);
  }
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  await page.getByRole('heading', { name: 'test-1', level: 2 }).waitFor();
  await page.getByRole('article', { name: 'test-1' }).waitFor();
  const chart = page.locator('.chart > svg');
  assert.match(await chart.getAttribute('aria-label'), /^Nodes over .*known from \d/);
  assert.equal(await chart.getAttribute('role'), 'img');
  // Every control has a name and shows that it has the focus.
  const reached = [];
  for (let presses = 0; presses < 12; presses += 1) {
    await page.keyboard.press('Tab');
    const [name, outline] = await page.evaluate(() => {
      const at = document.activeElement;
      return [at === document.body ? '' : at.textContent.trim(), getComputedStyle(at).outlineStyle];
    });
    // At the end the focus leaves the page.
    if (!name) continue;
    if (reached.includes(name)) break;
    reached.push(name);
    assert.notEqual(outline, 'none', name);
  }
  for (const control of ['Skip to the networks', 'Copy address', 'Hour', 'Week', '/status.json']) {
    assert.ok(reached.includes(control), `${control} is not among ${reached}`);
  }
  const week = page.getByRole('button', { name: 'Week' });
  await week.focus();
  await page.keyboard.press('Enter');
  assert.equal(await week.getAttribute('aria-pressed'), 'true');
  assert.deepEqual(errors, []);
  await context.close();
});

test('the address is copied whole', async () => {
  const { page, context } = await open(chromium, url, { permissions: ['clipboard-read', 'clipboard-write'] });
  await page.getByRole('button', { name: 'Copy address' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor(PATIENCE);
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), watched.address);
  await context.close();
});

test('the page says that it has lost the server, and finds it again', async () => {
  const port = await freePort();
  const at = ['--status', `127.0.0.1:${port}`];
  const first = await node(...at);
  nodes.push(first);
  const { page, context } = await open(chromium, `http://127.0.0.1:${port}/`);
  const state = page.getByRole('status');
  await state.filter({ hasText: 'Live' }).waitFor(PATIENCE);
  await first.stop();
  await state.filter({ hasText: 'Server lost, last heard at' }).waitFor(PATIENCE);
  assert.equal(await page.getByRole('article').count(), 1, 'what was known is gone');
  nodes.push(await node(...at));
  await state.filter({ hasText: 'Live' }).waitFor(PATIENCE);
  // Another node, with another key, and the old one is gone.
  assert.equal(await page.getByRole('article').count(), 1);
  await context.close();
});
