// Nodes, and a browser that notes whatever goes wrong in it.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const PEX = process.env.PEX;
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** A port that is free now. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts `pex` with these arguments, and waits for its first line. */
export async function start(...args) {
  const child = spawn(PEX, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(([code]) => { throw new Error(`pex ${args[0]} ended with ${code}`); });
  const [line] = await Promise.race([once(lines, 'line'), ended]);
  ended.catch(() => {});
  return {
    address: line.replace('listening on ', ''),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** A node of the chain `test-1` on this machine. */
export function node(...args) {
  return start('node', '--chain-id', 'test-1', '--listen', '127.0.0.1:0', '--lax', '--allow-duplicate-ip', ...args);
}

/** A headless browser. */
export function browser() {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--headless', '--no-sandbox', '--disable-gpu'] });
}

/** A page, and what went wrong on it: errors, and requests to anywhere but `origin`. */
export async function open(from, url, options = {}) {
  const context = await from.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  const page = await context.newPage();
  const errors = [];
  const { origin } = new URL(url);
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) errors.push(message.text()); });
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('dialog', (dialog) => { errors.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on('request', (request) => {
    const to = request.url();
    if (!to.startsWith('data:') && new URL(to).origin !== origin) errors.push(`a request to ${to}`);
  });
  await page.goto(url, { waitUntil: 'domcontentloaded' });
  return { page, context, errors };
}

/**
 * Texts on the page whose contrast with what is behind them is less than WCAG 2 asks for (AA): 4.5, or
 * 3 where they are large.
 */
export function paleTexts(page) {
  return page.evaluate(() => {
    const parts = (color) => {
      const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
      return [r, g, b, a];
    };
    const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a)];
    const light = (color) => {
      const [r, g, b] = color.map((part) => {
        const c = part / 255;
        return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (node) => {
      const layers = [];
      for (let at = node; at; at = at.parentElement) layers.push(parts(getComputedStyle(at).backgroundColor));
      return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
    };
    const pale = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode.parentElement;
      if (!walker.currentNode.data.trim() || !node.checkVisibility() || node.closest('script, .hidden, .skip')) continue;
      const style = getComputedStyle(node);
      const ground = behind(node);
      const ink = over(parts(node instanceof SVGElement ? style.fill : style.color), ground);
      const [high, low] = [light(ink), light(ground)].sort((a, b) => b - a);
      const ratio = (high + 0.05) / (low + 0.05);
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (large ? 3 : 4.5)) pale.push(`${ratio.toFixed(2)}: ${walker.currentNode.data.trim()}`);
    }
    return pale;
  });
}

/** Whether the page is no wider than its window, and nothing in it is cut off. */
export function fits(page) {
  return page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
}
