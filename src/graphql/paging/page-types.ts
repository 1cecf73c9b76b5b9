/** Which part of a page a type is, by its name; null where it is none. */
export function pagePartOf(typeName: string): "Connection" | "Edge" | null {
  return (/(Connection|Edge)$/.exec(typeName)?.[1] as "Connection" | "Edge" | undefined) ?? null;
}
