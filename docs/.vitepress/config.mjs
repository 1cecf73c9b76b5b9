// The site is made of every page of docs, and of the pages beside it that they link to. Its home is docs/README.md.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";

/** Pages lie outside this folder too, from where Vue would not be found. */
const inVue = (file) => fileURLToPath(new URL(`../node_modules/vue/${file}`, import.meta.url));

/** Folders whose pages are no part of the site. */
const LEFT_OUT = ["build", "bench", "dist", "examples", "scripts", "sql", "src", "test", "deploy", "node_modules"];

/** The console's. */
const ICON = readFileSync(new URL("../../src/console/icon.svg", import.meta.url), "utf8");

/** Codes such as PIPELINE_CHANGED are found whole, and by their parts too. What is searched for must all be there. */
const SEARCH = {
  options: {
    tokenize: (text) =>
      text.split(/[^\p{L}\p{N}_]+/u).flatMap((word) => (word.includes("_") ? [word, ...word.split("_")] : [word])),
  },
  searchOptions: {
    combineWith: "AND",
    prefix: true,
    fuzzy: (term) => (/[_\d]/.test(term) || term.length < 5 ? false : 0.2),
    boost: { title: 4, titles: 2 },
    // What was is rarely what is looked for.
    boostDocument: (id) => (/CHANGELOG|\/adr\//.test(id) ? 0.2 : 1),
    tokenize: (text) => text.split(/[^\p{L}\p{N}_]+/u),
  },
};

const page = (text, link) => ({ text, link });

export default defineConfig({
  title: "Headway",
  description: "Runs collections of documents through the stages of a pipeline, with a status that is always true.",
  srcDir: "..",
  outDir: "./.vitepress/dist",
  srcExclude: ["**/node_modules/**", ".*/**", ...LEFT_OUT.map((folder) => `${folder}/**`)],
  rewrites: { "README.md": "index.md", "docs/README.md": "docs/index.md", "docs/adr/README.md": "docs/adr/index.md" },
  lastUpdated: false,
  head: [["link", { rel: "icon", href: `data:image/svg+xml,${encodeURIComponent(ICON)}` }]],
  // Pages link to a README by its name, as the repository has it; here it is an index. Links to files that are no pages
  // are shown as plain text: the site has no copy of them. A dead link between pages fails the build.
  markdown: {
    config: (markdown) => {
      const open = markdown.renderer.rules.link_open;
      const close =
        markdown.renderer.rules.link_close ??
        ((tokens, index, options, env, self) => self.renderToken(tokens, index, options));
      let isShown = true;
      markdown.renderer.rules.link_open = (tokens, index, options, env, self) => {
        const href = tokens[index].attrGet("href") ?? "";
        isShown = /^(?:[a-z]+:|#)/.test(href) || /\.md(?:#|$)/.test(href);
        if (isShown) {
          tokens[index].attrSet("href", href.replace(/README\.md(?=#|$)/, "index.md"));
          return open(tokens, index, options, env, self);
        }
        return "";
      };
      markdown.renderer.rules.link_close = (...token) => (isShown ? close(...token) : "");
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
    search: { provider: "local", options: { miniSearch: SEARCH } },
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
          page("Pipelines", "/docs/reference/pipelines"),
          page("Options of the built-in pipelines", "/docs/reference/pipeline-options"),
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
