import { PermanentError } from "../../../errors.js";
import type { Block } from "../blocks/block.js";
import { JsonFault, JsonReader, type JsonLeaf } from "./json-values.js";
import { counted } from "../../../counted.js";
import { readText, type ParseAid, type Parsed } from "./parsed.js";

/**
 * One line a value, under the path of its keys, so that a chunk says what its values are. Takes a run of values too, one a
 * line (JSON Lines) or one behind the other; of these a broken one costs its line.
 */
export async function parseJson(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const { text, encoding } = readText(bytes, name, aid);
  const reader = new JsonReader(text);
  let [values, broken] = [0, 0];
  while (reader.more()) {
    const begin = reader.at;
    try {
      reader.next();
      values += 1;
    } catch (error) {
      if (!(error instanceof JsonFault)) throw error;
      // A first value that breaks off is a broken file, and so is what has no lines to lose.
      if (values === 0) {
        throw new PermanentError("MALFORMED_DOCUMENT", `${name} is not JSON: ${error.message}. Send an intact copy.`);
      }
      broken += 1;
      reader.skipLine(begin);
    }
  }
  if (broken > 0) {
    aid.warn(
      "RECORDS_UNREAD",
      `${name}: left out ${counted(broken, "line")} that ${broken === 1 ? "is" : "are"} not JSON.`,
      { count: broken },
    );
  }
  const leaves = values > 1 ? reader.leaves.map(numbered) : reader.leaves;
  return { blocks: blocksOf(leaves), metadata: { encoding, ...(values > 1 ? { records: values } : {}) } };
}

function numbered(leaf: JsonLeaf): JsonLeaf {
  const dot = leaf.path === "" || leaf.path.startsWith("[") ? "" : ".";
  return { ...leaf, path: `[${leaf.index}]${dot}${leaf.path}` };
}

/** The values of a record stand together. */
function blocksOf(leaves: readonly JsonLeaf[]): Block[] {
  const records = new Map<number, string[]>();
  for (const { path, value, record } of leaves) {
    const lines = records.get(record) ?? [];
    records.set(record, lines);
    lines.push(path === "" ? value : `${path}: ${value}`);
  }
  return [...records.values()].map((lines): Block => ({ kind: "lines", text: lines.join("\n") }));
}
