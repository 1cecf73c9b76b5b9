/** "Page 2", or "Pages 2, 4 to 6". */
export function pageList(pages: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const page of pages) {
    const last = runs.at(-1);
    if (last && last[1] === page - 1) last[1] = page;
    else runs.push([page, page]);
  }
  const listed = runs.slice(0, 40).map(([from, to]) => (from === to ? String(from) : `${from} to ${to}`));
  const more = runs.length > 40 ? " and more" : "";
  return `${pages.length === 1 ? "Page" : "Pages"} ${listed.join(", ")}${more}`;
}
