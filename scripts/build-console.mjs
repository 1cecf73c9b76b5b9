// Builds the console, src/console, into dist/console: index.html and the files that it loads, whose names change with their
// content. Everything is addressed relative to the page, so the server may serve it below any path.
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

export async function buildConsole() {
  const { build } = await import("vite");
  await build({
    configFile: false,
    root: path.join(ROOT, "src", "console"),
    base: "./",
    logLevel: "warn",
    build: {
      outDir: path.join(ROOT, "dist", "console"),
      emptyOutDir: true,
      assetsDir: "console",
      // A picture or font inside a script or style would need a policy that allows it.
      assetsInlineLimit: 0,
      target: "es2022",
      // Explore's editor is loaded by itself, and no part of the first screen.
      chunkSizeWarningLimit: 900,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        // "use client" at the head of libraries' files says nothing to a page.
        onLog: (level, log, handle) => log.code !== "MODULE_LEVEL_DIRECTIVE" && handle(level, log),
      },
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildConsole();
