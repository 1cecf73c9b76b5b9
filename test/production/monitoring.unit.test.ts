import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { collectDefaultMetrics, Registry } from "prom-client";
import { parse, stringify } from "yaml";
import { ROOT } from "../support/root.js";

interface Rule {
  readonly alert: string;
  readonly expr: string;
}

const ALERTS = path.join(ROOT, "deploy", "prometheus", "alerts.yml");
const rules = (parse(readFileSync(ALERTS, "utf8")) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const dashboard = JSON.parse(readFileSync(path.join(ROOT, "deploy", "grafana", "headway.json"), "utf8")) as {
  readonly panels: readonly { readonly id: number; readonly targets: readonly { readonly expr: string }[] }[];
};
const expressions = [
  ...rules.map(({ expr }) => expr),
  ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
];

/** The names of all metrics that the source makes, and those that prom-client does. */
function metricsThatExist(): Set<string> {
  const made = readdirSync(path.join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => [...readFileSync(path.join(ROOT, "src", name), "utf8").matchAll(/name: "(headway_\w+)"/g)])
    .map((match) => match[1]!);
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return new Set([...made, ...registry.getMetricsAsArray().map(({ name }) => name)]);
}

/** A series of a histogram belongs to it. */
const metricOf = (series: string): string => series.replace(/_(bucket|sum|count)$/, "");

describe("the dashboard and the alerts", () => {
  test("ask for metrics that exist, and for each of Headway's own", () => {
    const exist = metricsThatExist();
    const used = new Set(
      expressions.flatMap((expr) => expr.match(/\b(headway|process|nodejs)_\w+/g) ?? []).map(metricOf),
    );
    expect([...used].filter((name) => !exist.has(name))).toEqual([]);
    expect([...exist].filter((name) => name.startsWith("headway_") && !used.has(name))).toEqual([]);
  });

  test("are told apart by their names", () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });

  test("are what Prometheus understands, every expression", () => {
    const promtool = process.env.HEADWAY_TEST_PROMTOOL ?? "promtool";
    if (spawnSync(promtool, ["--version"]).status !== 0) {
      console.warn(
        "No expression has been given to promtool, for there is none on the PATH: apt-get install prometheus, or name one in HEADWAY_TEST_PROMTOOL.",
      );
      return;
    }
    const folder = mkdtempSync(path.join(tmpdir(), "headway-promtool-"));
    try {
      const all = path.join(folder, "all.yml");
      const recorded = expressions.map((expr, place) => ({ record: `checked:${place}`, expr }));
      writeFileSync(all, stringify({ groups: [{ name: "all", rules: recorded }] }));
      for (const file of [ALERTS, all]) {
        const { status, stdout, stderr } = spawnSync(promtool, ["check", "rules", file], { encoding: "utf8" });
        expect([file, status, status === 0 ? "" : stdout + stderr]).toEqual([file, 0, ""]);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
