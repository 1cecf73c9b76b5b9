import { readFileSync } from "node:fs";
import path from "node:path";
import claim from "./claim.mjs";
import converge from "./converge.mjs";
import engine from "./engine.mjs";
import expiry from "./expiry.mjs";
import flush from "./flush.mjs";
import guard from "./guard.mjs";
import operation from "./operation.mjs";
import stream from "./stream.mjs";
import submit from "./submit.mjs";
import worker from "./worker.mjs";

/**
 * Hand-picked ways to break the code, each with the tests that must notice.
 * @type {readonly {
 *   file: string, what: string, was: string, becomes: string, tests: readonly string[], harmless?: string
 * }[]} `what` is wrong then; `was` stands once in the file, but for white space; `harmless` says why it may live.
 */
export const MUTANTS = [claim, flush, converge, operation, submit, guard, expiry, stream, engine, worker].flat();

/** The file as it is and as the mutant has it. @throws where what is to be replaced does not stand there just once */
export function placesOf(root, { file, what, was, becomes }) {
  const text = readFileSync(path.join(root, file), "utf8");
  const words = was
    .trim()
    .split(/\s+/)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const places = [...text.matchAll(new RegExp(words.join("\\s+"), "g"))];
  if (places.length !== 1) {
    throw new Error(
      `${file} (${what}): "${was}" stands there ${places.length} times, and must once. Mend scripts/mutants/.`,
    );
  }
  const [place] = places;
  return { text, mutated: text.slice(0, place.index) + becomes + text.slice(place.index + place[0].length) };
}
