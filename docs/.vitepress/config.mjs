// The site is made of every page of docs, and of the pages beside it that they link to. Its home is docs/README.md.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";

/** Pages lie outside this folder too, from where Vue would not be found. */
const inVue = (file) => fileURLToPath(new URL(`../node_modules/vue/${file}`, import.meta.url));

/** Folders whose pages are no part of the site. */
const LEFT_OUT = ["build", "bench", "dist", "examples", "scripts", "sql", "src", "test", "deploy", "node_modules"];

const page = (text, link) => ({ text, link });

export default defineConfig({
  title: "Headway",
  description: "Runs collections of documents through the stages of a pipeline, with a status that is always true.",
  srcDir: "..",
  outDir: "./.vitepress/dist",
  srcExclude: ["**/node_modules/**", ".*/**", ...LEFT_OUT.map((folder) => `${folder}/**`)],
  rewrites: { "README.md": "index.md", "docs/README.md": "docs/index.md", "docs/adr/README.md": "docs/adr/index.md" },
  lastUpdated: false,
  // Pages link to a README by its name, as the repository has it; here it is an index. Links to files that are no pages
  // are shown as plain text: the site has no copy of them. A dead link between pages fails the build.
  markdown: {
    config: (markdown) => {
      const open = markdown.renderer.rules.link_open;
      markdown.renderer.rules.link_open = (tokens, index, options, env, self) => {
        const href = tokens[index].attrGet("href") ?? "";
        if (/^(?:[a-z]+:|#)/.test(href) || /\.md(?:#|$)/.test(href)) {
          tokens[index].attrSet("href", href.replace(/README\.md(?=#|$)/, "index.md"));
          return open(tokens, index, options, env, self);
        }
        tokens[index].attrs = null;
        return self.renderToken(tokens, index, options);
      };
    },
  },
  vite: {
    resolve: {
      alias: [
        { find: /^vue\/server-renderer$/, replacement: inVue("server-renderer/index.mjs") },
        { find: /^vue$/, replacement: inVue("dist/vue.runtime.esm-bundler.js") },
      ],
    },
  },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      page("Start", "/docs/start/five-minutes"),
      page("Guides", "/docs/guides/submit-and-follow"),
      page("Reference", "/docs/reference/graphql"),
      page("All pages", "/docs/"),
    ],
    sidebar: [
      { text: "Start", items: [page("What it is", "/"), page("Five minutes", "/docs/start/five-minutes")] },
      {
        text: "Guides",
        items: [
          page("Submit and follow", "/docs/guides/submit-and-follow"),
          page("Browser app", "/docs/guides/browser-app"),
          page("Documents", "/docs/guides/documents"),
          page("Your own pipeline", "/docs/guides/own-pipeline"),
          page("Batch", "/docs/guides/batch"),
          page("Expenses", "/docs/guides/expenses"),
          page("Keys and limits", "/docs/guides/keys"),
          page("Command line", "/docs/guides/command-line"),
          page("Client library", "/docs/client"),
          page("Webhooks", "/docs/webhooks"),
          page("Console", "/docs/console"),
          page("Production", "/docs/guides/production"),
          page("Postgres", "/docs/guides/database"),
          page("Upgrading", "/docs/upgrading"),
          page("Troubleshooting", "/docs/guides/troubleshooting"),
        ],
      },
      {
        text: "Reference",
        items: [
          page("GraphQL", "/docs/reference/graphql"),
          page("Settings", "/docs/reference/settings"),
          page("Commands", "/docs/reference/command-line"),
          page("Metrics", "/docs/reference/metrics"),
          page("Limits and formats", "/docs/reference/limits"),
          page("Lifecycle", "/schema/lifecycle"),
          page("What keys see", "/schema/access"),
          page("Glossary", "/docs/glossary"),
          page("Changelog", "/CHANGELOG"),
        ],
      },
      {
        text: "Explanation",
        items: [
          page("Architecture", "/docs/architecture"),
          page("Lifecycle", "/docs/lifecycle"),
          page("Faults", "/docs/faults"),
          page("Performance", "/docs/performance"),
          page("The write path", "/docs/write-path"),
          page("Formats", "/docs/formats"),
          page("Other tools", "/docs/explanation/comparison"),
          page("Security", "/SECURITY"),
          page("Decisions", "/docs/adr/"),
        ],
      },
    ],
  },
});
