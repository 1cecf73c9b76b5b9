import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { CORPUS } from "./corpus-folder.js";
import { ROOT } from "../support/processes.js";

/** A file that was whole once. */
export interface Mutant {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Real files: the project's own, and those that stand beside it where they do. */
const FOLDERS = [
  path.join(ROOT, "test", "fixtures", "documents"),
  path.join(ROOT, "test", "fixtures", "media"),
  path.join(ROOT, "examples", "documents"),
  CORPUS,
];
/** Letters are read off a picture in whole seconds, the rest of the formats take hundredths: pictures come less often. */
const SLOW = /\.(png|jpe?g|tiff?|webp|heic)$/;
const SLOW_SHARE = 0.08;
/** Those that are to be broken; all where nothing is said. */
const WANTED = process.env.HEADWAY_TEST_MUTANT_FORMATS?.split(",");
const EXTENSIONS =
  "pdf docx odt ods odp pptx xlsx doc xls ppt rtf epub eml mbox msg tnef p7m ics srt vtt ipynb html md txt csv json xml png jpeg tiff webp heic wav mp3 flac ogg m4a mp4 mkv webm".split(
    " ",
  );

export function sources(): Mutant[] {
  return FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== "expected.json")
      .filter(({ name }) => WANTED?.includes(path.extname(name).slice(1)) ?? true)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name }) => ({ name, bytes: readFileSync(path.join(folder, name)) })),
  );
}

/** `count` broken versions, every format in its turn; the same for the same `random`. */
export function mutants(random: () => number, count: number): Mutant[] {
  const all = sources();
  const [slow, quick] = [all.filter(({ name }) => SLOW.test(name)), all.filter(({ name }) => !SLOW.test(name))];
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  return Array.from({ length: count }, (_, index) => {
    const pool = quick.length === 0 || (slow.length > 0 && random() < SLOW_SHARE) ? slow : quick;
    // Each in its turn, so that no format is left out by chance.
    const source = pool[index % pool.length]!;
    const [how, change] = pick(Object.entries(MUTATIONS));
    const { name, bytes } = change({ ...source, bytes: Buffer.from(source.bytes) }, random, pick(all).bytes);
    return { name: `${String(index).padStart(5, "0")}-${how}-${name}`, bytes };
  });
}

type Mutation = (file: Mutant, random: () => number, other: Buffer) => Mutant;
const within = (random: () => number, length: number): number => Math.floor(random() * length);

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  truncated: ({ name, bytes }, random) => ({ name, bytes: bytes.subarray(0, within(random, bytes.length)) }),
  beginning: ({ name, bytes }, random) => ({ name, bytes: bytes.subarray(0, within(random, 64)) }),
  flipped: ({ name, bytes }, random) => {
    const flips = 1 + within(random, Math.max(1, Math.min(200, bytes.length / 20)));
    for (let flip = 0; flip < flips && bytes.length > 0; flip += 1) {
      const at = within(random, bytes.length);
      bytes[at] = bytes[at]! ^ (1 << within(random, 8));
    }
    return { name, bytes };
  },
  blanked: ({ name, bytes }, random) => {
    const at = within(random, bytes.length);
    return { name, bytes: bytes.fill(0, at, Math.min(bytes.length, at + 1 + within(random, 2_000))) };
  },
  spliced: ({ name, bytes }, random, other) => {
    const [at, from] = [within(random, bytes.length), within(random, other.length)];
    const piece = other.subarray(from, from + within(random, 20_000));
    return { name, bytes: Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]) };
  },
  renamed: ({ name, bytes }, random) => ({
    name: `${name}.${EXTENSIONS[within(random, EXTENSIONS.length)]!}`,
    bytes,
  }),
  headless: ({ name, bytes }, random) => ({ name, bytes: bytes.subarray(1 + within(random, 40)) }),
};
