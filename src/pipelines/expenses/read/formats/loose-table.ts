import type { DomNode, FormatCallback } from "html-to-text";

/**
 * A table with all that stands in it. Mails have cells outside rows, and rows and cells inside spans and forms, which browsers
 * show; the library's own format leaves them out.
 */
export const looseTable: FormatCallback = (table, walk, builder, options) => {
  const { formatters } = builder.options;
  formatters.dataTable!({ ...table, children: rowsIn(table.children) }, walk, builder, options);
};

function rowsIn(nodes: readonly DomNode[]): DomNode[] {
  const rows: DomNode[] = [];
  let loose: DomNode[] = [];
  const close = (): void => {
    if (loose.length > 0) rows.push(element("tr", loose));
    loose = [];
  };
  for (const node of unwrapped(nodes, ["tr", "td", "th"])) {
    if (node.name === "td" || node.name === "th") loose.push(node);
    else {
      close();
      rows.push(node.name === "tr" ? { ...node, children: cellsIn(node.children) } : element("tr", [asCell(node)]));
    }
  }
  close();
  return rows;
}

function cellsIn(nodes: readonly DomNode[]): DomNode[] {
  return unwrapped(nodes, ["td", "th"]).map((node) => (node.name === "td" || node.name === "th" ? node : asCell(node)));
}

/** The wanted elements at any depth, and in their places what else has a text or a table; blanks are dropped. */
function unwrapped(nodes: readonly DomNode[], wanted: readonly string[]): DomNode[] {
  return nodes.flatMap((node): DomNode[] => {
    if (node.type === "text") return node.data?.trim() ? [node] : [];
    if (node.type !== "tag") return [];
    if (wanted.includes(node.name!) || node.name === "table") return [node];
    return holds(node, wanted) ? unwrapped(node.children, wanted) : [node];
  });
}

/** Not in a table inside. */
function holds({ children }: DomNode, wanted: readonly string[]): boolean {
  return children.some(
    (node) => node.type === "tag" && node.name !== "table" && (wanted.includes(node.name!) || holds(node, wanted)),
  );
}

function asCell(node: DomNode): DomNode {
  return element("td", [node]);
}

function element(name: string, children: DomNode[]): DomNode {
  return { type: "tag", name, attribs: {}, children };
}
