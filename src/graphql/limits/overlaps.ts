import { Kind, type DocumentNode, type FieldNode, type FragmentDefinitionNode, type SelectionSetNode } from "graphql";

/**
 * How many pairs of fields stand in the same place under the same name, which validation compares with each other;
 * counted up to `most`. Only for documents whose fragments don't come back to themselves, and of limited depth.
 */
export function overlapsOf(document: DocumentNode, most: number): number {
  const fragments = fragmentsOf(document);
  let pairs = 0;
  const visit = (sets: readonly SelectionSetNode[]): void => {
    for (const fields of fieldsByName(sets, fragments).values()) {
      pairs += (fields.length * (fields.length - 1)) / 2;
      if (pairs > most) return;
      const inner = fields.flatMap(({ selectionSet }) => selectionSet ?? []);
      if (inner.length > 0) visit(inner);
    }
  };
  for (const definition of document.definitions) {
    if (!("selectionSet" in definition)) continue;
    if (pairs <= most) visit([definition.selectionSet]);
  }
  return pairs;
}

/** The fields of all these sets, fragments opened, by the name under which each is answered. */
function fieldsByName(
  sets: readonly SelectionSetNode[],
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): ReadonlyMap<string, readonly FieldNode[]> {
  const byName = new Map<string, FieldNode[]>();
  const opened = new Set<string>();
  const collect = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      else if (selection.kind === Kind.FIELD) {
        const name = (selection.alias ?? selection.name).value;
        const others = byName.get(name);
        if (others) others.push(selection);
        else byName.set(name, [selection]);
      } else if (!opened.has(selection.name.value)) {
        opened.add(selection.name.value);
        const fragment = fragments.get(selection.name.value);
        if (fragment) collect(fragment.selectionSet);
      }
    }
  };
  for (const set of sets) collect(set);
  return byName;
}

/** By name; the last of those that share one, which validation refuses. */
export function fragmentsOf(document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((node) => [node.name.value, node]));
}
