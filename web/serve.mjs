/** Serves this folder to this computer, with the headers that WebAssembly threads need. Usage: node serve.mjs [PORT] */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const FOLDER = dirname(fileURLToPath(import.meta.url));
const DEFAULT_PORT = 8080;
/** @type {Record<string, string>} */
const TYPES = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};
// Only a page that is isolated from other origins may share memory between threads.
const ISOLATED = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/**
 * Begins to serve on the loopback interface.
 *
 * @param {number} port 0 for any that is free.
 * @returns {Promise<{url: string, close: () => void}>}
 */
export async function serve(port) {
  const server = createServer(async (request, response) => {
    try {
      const path = fileOf(request.url ?? "/");
      const content = await readFile(path);
      response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "application/octet-stream", ...ISOLATED });
      response.end(content);
    } catch {
      response.writeHead(404, ISOLATED).end("There is no such file.\n");
    }
  });
  await new Promise((resolve, reject) => server.on("error", reject).listen(port, "127.0.0.1", () => resolve(null)));
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { url: `http://localhost:${address.port}/`, close: () => server.close() };
}

/**
 * The file that an address means; none outside of the folder.
 *
 * @param {string} address
 */
function fileOf(address) {
  const path = normalize(decodeURIComponent(new URL(address, "http://localhost").pathname));
  return join(FOLDER, path.endsWith("/") ? `${path}index.html` : path);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const { url } = await serve(Number(process.argv[2] ?? DEFAULT_PORT));
    console.log(`Open ${url} in a browser; Ctrl+C ends the server.`);
  } catch (error) {
    console.error(`cannot serve (${error}); give another port: npm start -- 8081`);
    process.exitCode = 1;
  }
}
