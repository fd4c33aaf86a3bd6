/**
 * Drives the page in Chromium, as a user would, and writes what it gives.
 *
 * Usage: node check.mjs CHROMIUM FOLDER
 *
 * FOLDER/cases.json lists cases {name, artifact, mask, frames}, with paths relative to FOLDER. For each, NAME.json says
 * how it ended and NAME.png shows the page. Of each FRAME that was followed there are NAME-FRAME.mask, the ids of all
 * pixels as uint8, and NAME-FRAME.probabilities, a float32 plane for each object.
 */

import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";

import { chromium } from "playwright-core";

import { serve } from "./serve.mjs";

const FLAGS = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];
const LONGEST_MS = 300_000;

/** @typedef {{name: string, artifact: string, mask: string, frames: string[]}} Case */

const [executablePath, folder] = process.argv.slice(2);
if (!folder) {
  console.error("usage: node check.mjs CHROMIUM FOLDER");
  process.exit(2);
}
const server = await serve(0);
const browser = await chromium.launch({ executablePath, args: FLAGS });
try {
  for (const one of JSON.parse(await readFile(resolve(folder, "cases.json"), "utf-8"))) {
    await check(one);
  }
} finally {
  await browser.close();
  server.close();
}

/** @param {Case} one */
async function check({ name, artifact, mask, frames }) {
  const page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
  page.setDefaultTimeout(LONGEST_MS);
  /** @type {string[]} */
  const elsewhere = [];
  page.on("request", (request) => !request.url().startsWith(server.url) && elsewhere.push(request.url()));
  page.on("console", (message) => console.log(`${name}: ${message.text()}`));
  page.on("pageerror", (error) => console.log(`${name}: ${error}`));
  await page.goto(server.url);
  const results = await page.evaluateHandle(collectResults);
  for (const [input, paths] of Object.entries({ artifact: [artifact], mask: [mask], frames })) {
    await page.setInputFiles(
      `[name=${input}]`,
      paths.map((path) => resolve(folder, path)),
    );
  }
  await page.click("button");
  const status = page.locator("output:is([data-state=done], [data-state=failed])");
  const [state, message] = [await status.getAttribute("data-state"), await status.textContent()];
  await save(results, name);
  await page.screenshot({ path: resolve(folder, `${name}.png`), fullPage: true });
  const isolated = await page.evaluate(() => globalThis.crossOriginIsolated);
  await writeFile(resolve(folder, `${name}.json`), JSON.stringify({ state, message, isolated, elsewhere }));
  await page.close();
}

/** In the page: a list to which it will add what it gives for each frame. */
function collectResults() {
  /** @type {import("./src/follow.js").Followed[]} */
  const results = [];
  document.querySelector("form")?.addEventListener("followed", (event) => {
    results.push(/** @type {CustomEvent} */ (event).detail);
  });
  return results;
}

/**
 * Writes the numbers of all frames that were followed.
 *
 * @param {import("playwright-core").JSHandle<import("./src/follow.js").Followed[]>} results
 * @param {string} name
 */
async function save(results, name) {
  const count = await results.evaluate((list) => list.length);
  for (let index = 0; index < count; index++) {
    const { frame, ids, planes } = await results.evaluate((list, index) => {
      const { name, mask, planes } = list[index];
      return { frame: name, ids: mask.ids, planes };
    }, index);
    await writeFile(resolve(folder, `${name}-${frame}.mask`), ids);
    await writeFile(resolve(folder, `${name}-${frame}.probabilities`), Buffer.concat(planes.map(bytes)));
  }
}

/** @param {Float32Array} values */
function bytes(values) {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}
