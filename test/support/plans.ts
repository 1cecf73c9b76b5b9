/** A node of what `explain (format json)` says. */
export interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly Plans?: readonly Plan[];
}

/** Which a scan from end to end would be felt in. */
const LARGE = new Set(["task", "job", "collection", "status_change"]);

/** The plan's nodes, each before those below it. */
export function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

/** The large tables that the plan reads from end to end. */
export function tablesScanned(plan: Plan): string[] {
  return nodesOf(plan)
    .filter((node) => node["Node Type"] === "Seq Scan" && LARGE.has(node["Relation Name"] ?? ""))
    .map((node) => node["Relation Name"]!);
}
