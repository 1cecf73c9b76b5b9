/** The text in the layout that everybody uses; comments stay. @throws where it cannot be read */
export async function prettify(query: string): Promise<string> {
  const [{ format }, plugin] = await Promise.all([import("prettier/standalone"), import("prettier/plugins/graphql")]);
  return format(query, { parser: "graphql", plugins: [plugin], printWidth: 80 });
}
