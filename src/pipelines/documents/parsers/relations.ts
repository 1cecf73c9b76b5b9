import type { Archive } from "./archive.js";
import { find, readXml } from "./office-xml.js";

export interface Relation {
  readonly id: string;
  /** The last word of its type, such as "slide" or "header". */
  readonly type: string;
  /** The name of an entry of the archive; of an external one the address. */
  readonly target: string;
  readonly isExternal: boolean;
}

/** Where the relations of a part lead, by their ids. The part "" is the container itself. */
export function relationsOf(archive: Archive, part: string): ReadonlyMap<string, Relation> {
  const [folder, file] = part.includes("/")
    ? [part.slice(0, part.lastIndexOf("/")), part.slice(part.lastIndexOf("/") + 1)]
    : ["", part];
  const place = `${folder === "" ? "" : `${folder}/`}_rels/${file}.rels`;
  const xml = archive.read(place);
  const found = xml ? find(readXml(xml, place), "Relationship") : [];
  return new Map(
    found.map(({ attributes: { Id = "", Type = "", Target = "", TargetMode } }) => {
      const isExternal = TargetMode === "External";
      const inside = isExternal ? Target : resolved(folder, Target.replaceAll("\\", "/"));
      const target = isExternal ? Target : (archive.nameOf(inside) ?? inside);
      return [Id, { id: Id, type: Type.slice(Type.lastIndexOf("/") + 1), target, isExternal }];
    }),
  );
}

/** The relations of a type, in their order. */
export function relationsOfType(archive: Archive, part: string, type: string): Relation[] {
  return [...relationsOf(archive, part).values()].filter((one) => one.type === type && !one.isExternal);
}

/** The part that the container says is its document; the usual one where it says nothing that is there. */
export function mainPartOf(archive: Archive, usual: string): string {
  const found = relationsOfType(archive, "", "officeDocument")[0]?.target;
  return found !== undefined && archive.names.includes(found) ? found : usual;
}

function resolved(folder: string, target: string): string {
  if (target.startsWith("/")) return decoded(target.slice(1));
  const steps = folder === "" ? [] : folder.split("/");
  for (const step of target.split("/")) {
    if (step === "..") steps.pop();
    else if (step !== "." && step !== "") steps.push(step);
  }
  return decoded(steps.join("/"));
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
