import type { RequestHandler } from "express";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { SCRIPT } from "./script.js";
import { STYLE } from "./style.js";
import { TABS } from "./tabs.js";

const compress = promisify(gzip);
const expand = promisify(gunzip);

/** Whatever the page tries, the browser asks no other host. */
const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "worker-src 'self' blob:",
  "connect-src 'self' data: blob:",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * Serves GraphiQL as one page that needs nothing but this server. It asks for a key once, or takes the code of a link, and
 * sends the key with everything, over HTTP and WebSocket. It finds the API beside its own address, so it works below any
 * path. The page is large: it is made and compressed at the first request and kept.
 */
export function servePlayground(): RequestHandler {
  let page: Promise<Buffer> | null = null;
  return async (req, res) => {
    page ??= render();
    const compressed = await page;
    res.set({
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-cache",
      vary: "accept-encoding",
    });
    if (req.acceptsEncodings("gzip")) res.set("content-encoding", "gzip").send(compressed);
    else res.send(await expand(compressed));
  };
}

/** Where a browser at `path` finds the page, whatever a proxy has put before the path. */
export function playgroundFrom(path: string): string {
  const depth = path.split("/").length - 2;
  return `${"../".repeat(depth)}playground`;
}

const MARK =
  '<svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" aria-hidden="true"><path d="M3 6h10M3 12h18M3 18h14"/></svg>';

const SIGN_IN = `
  <main id="sign-in" hidden>
    <form>
      <h1>${MARK} Headway</h1>
      <p id="sign-in-note" role="status"></p>
      <label for="key">API key</label>
      <input id="key" name="key" type="password" autocomplete="off" spellcheck="false" placeholder="hw_…" required>
      <button type="submit">Sign in</button>
      <p>The key stays in this browser tab and is used for everything that the playground sends.
        No key? On the server's machine, <code>npx headway-api open</code> prints a link that signs in, and
        <code>npx headway-api keys create --name N --role OPERATOR</code> makes a key.</p>
    </form>
  </main>`;

async function render(): Promise<Buffer> {
  // Loaded when first asked for: the text of the page is some nine megabytes of memory.
  const { css, js, editorWorkerService, graphqlWorker, jsonWorker } =
    await import("@graphql-yoga/render-graphiql/graphiql");
  const options = {
    title: `<span class="headway-title">Headway</span>`,
    logo: MARK,
    subscriptionsProtocol: "WS",
    // Closed: the first tabs need no variables, and there is more to read.
    defaultEditorToolsVisibility: false,
    // What stands in a tab's Headers is not left behind in the browser.
    shouldPersistHeaders: false,
    defaultTabs: TABS.map(({ query, variables }) => ({ query, variables, headers: "" })),
  };
  const workers = { editorWorkerService, graphql: graphqlWorker, json: jsonWorker };
  const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Headway</title>
    <link rel="icon" href="data:image/svg+xml,${encodeURIComponent(MARK.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"').replace("currentColor", "#7b6cf6"))}">
    <style>${css}</style>
    <style>${STYLE}</style>
  </head>
  <body class="no-focus-outline">
    <noscript>The playground is a program in JavaScript; switch that on for this page.</noscript>
    ${SIGN_IN}
    <p id="loading" role="status">Loading …</p>
    <div id="root"></div>
    <script>${SCRIPT}</script>
    <script>
      self.MonacoEnvironment = {
        globalAPI: true,
        getWorkerUrl: ((workers) => (_, label) => workers[label] ?? workers.editorWorkerService)(
          Object.fromEntries(Object.entries(${inScript(workers)}).map(([label, code]) =>
            [label, URL.createObjectURL(new Blob([code], { type: "application/javascript" }))]))),
      };
      ${js};
      headway.begin(YogaGraphiQL.renderYogaGraphiQL, ${inScript(options)});
    </script>
  </body>
</html>`;
  return compress(page);
}

/** JSON as it may stand in a script of a page: nothing in it ends the script. */
function inScript(value: unknown): string {
  return JSON.stringify(value).replaceAll("</", "<\\/").replaceAll("<!--", "<\\!--");
}
