import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { API, type Program } from "typescript/unstable/sync";
import { SyntaxKind, type Node, type SourceFile } from "typescript/unstable/ast";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A comment in front of a declaration, taken apart. */
export interface DocComment {
  readonly description: string;
  /** By the name of the parameter. */
  readonly params: Readonly<Record<string, string>>;
  /** The classes that it throws, each with its codes or its reason. */
  readonly throws: readonly { readonly type: string; readonly when: string }[];
}

/** A property or a method of a type. */
export interface Member extends DocComment {
  readonly name: string;
  readonly isOptional: boolean;
  /** The type of a property; of a method its parameters and its result. */
  readonly type: string;
  readonly isMethod: boolean;
  /** Of a property whose type is written out in place; else empty. */
  readonly members: readonly Member[];
}

/** An exported type, class, function or constant. */
export interface Declared extends DocComment {
  readonly name: string;
  readonly kind: "interface" | "type" | "class" | "function" | "value";
  /** Of a type its right side, of a function its signature, of a class that of its constructor; else empty. */
  readonly type: string;
  /** Those that are declared in this place, without those of what it extends. */
  readonly own: readonly Member[];
  /** The types it extends, whole, as they are written. */
  readonly extended: readonly Declared[];
}

/* The nodes of the compiler are read by the fields that are needed here; which of them a node has depends on its kind. */
type Part = Node & {
  readonly name?: Part & { readonly text: string };
  readonly propertyName?: { readonly text: string };
  readonly jsDoc?: readonly Node[];
  readonly modifiers?: readonly Node[];
  readonly members?: readonly Part[];
  readonly type?: Part;
  readonly types?: readonly Part[];
  readonly expression?: Part & { readonly text: string };
  readonly typeName?: { readonly text: string };
  readonly typeParameters?: readonly Node[];
  readonly parameters?: readonly Part[];
  readonly questionToken?: Node;
  readonly postfixToken?: Node;
  readonly heritageClauses?: readonly Part[];
  readonly importClause?: { readonly namedBindings?: { readonly elements?: readonly Part[] } };
  readonly exportClause?: { readonly elements?: readonly Part[] };
  readonly moduleSpecifier?: { readonly text: string };
};

const DECLARATIONS: ReadonlyMap<SyntaxKind, Declared["kind"]> = new Map([
  [SyntaxKind.InterfaceDeclaration, "interface"],
  [SyntaxKind.TypeAliasDeclaration, "type"],
  [SyntaxKind.ClassDeclaration, "class"],
  [SyntaxKind.FunctionDeclaration, "function"],
]);

/** What a module of the package exports that is declared in this package, by name, in its order. */
export type Exports = ReadonlyMap<string, Declared>;

/** Reads the exports of modules of src from their sources. */
export function readExports(modules: readonly string[]): Record<string, Exports> {
  const api = new API({ cwd: ROOT });
  try {
    const snapshot = api.updateSnapshot({ openProjects: [path.join(ROOT, "tsconfig.json")] });
    const [project] = snapshot.getProjects();
    if (!project) throw new Error("The compiler opened no project.");
    const reader = new Reader(project.program);
    return Object.fromEntries(modules.map((module) => [module, reader.exportsOf(path.join(ROOT, module))]));
  } finally {
    api.close();
  }
}

class Reader {
  readonly #read = new Map<string, Declared>();

  constructor(private readonly program: Program) {}

  exportsOf(file: string): Exports {
    const found = new Map<string, Declared>();
    for (const statement of this.#statements(file)) {
      if (statement.kind !== SyntaxKind.ExportDeclaration || !statement.moduleSpecifier?.text.startsWith(".")) continue;
      for (const element of statement.exportClause?.elements ?? []) {
        const declared = this.#find(resolve(file, statement.moduleSpecifier.text), element.name!.text);
        if (declared === null) throw new Error(`${file} exports ${element.name!.text}, which was not found.`);
        found.set(declared.name, declared);
      }
    }
    return found;
  }

  #source(file: string): SourceFile {
    const source = this.program.getSourceFile(file);
    if (!source) throw new Error(`The compiler does not know ${file}.`);
    return source;
  }

  #statements(file: string): readonly Part[] {
    return this.#source(file).statements as unknown as readonly Part[];
  }

  /** The declaration of a name in a file, or in one that it imports it from or hands on; null where there is none. */
  #find(file: string, name: string): Declared | null {
    for (const statement of this.#statements(file)) {
      const kind = DECLARATIONS.get(statement.kind);
      if (kind !== undefined && statement.name?.text === name) return this.#declared(file, statement, kind);
      const from = statement.moduleSpecifier?.text;
      if (from === undefined || !from.startsWith(".")) continue;
      const elements = statement.importClause?.namedBindings?.elements ?? statement.exportClause?.elements;
      const isAll = statement.kind === SyntaxKind.ExportDeclaration && !statement.exportClause;
      const isNamed = elements?.some((one) => one.name!.text === name) ?? false;
      const found = isAll || isNamed ? this.#find(resolve(file, from), name) : null;
      if (found !== null) return found;
    }
    return null;
  }

  #declared(file: string, node: Part, kind: Declared["kind"]): Declared {
    const key = `${file}#${node.name!.text}`;
    const known = this.#read.get(key);
    if (known) return known;
    const source = textOf(file);
    const bases = (node.heritageClauses ?? []).flatMap(({ types = [] }) => types);
    const ofClass = node.members?.find((member) => member.kind === SyntaxKind.Constructor);
    const declared: Declared = {
      ...commentOf(source, node),
      name: node.name!.text,
      kind,
      type:
        kind === "type"
          ? spelledOut(source, slice(source, node.type!))
          : kind === "function"
            ? signatureOf(source, node)
            : ofClass
              ? signatureOf(source, ofClass)
              : "",
      own: membersOf(source, node.members ?? node.type?.members ?? []),
      extended: bases.flatMap(({ expression }) => this.#find(file, expression!.text) ?? []),
    };
    this.#read.set(key, declared);
    return declared;
  }
}

const texts = new Map<string, string>();
function textOf(file: string): string {
  const known = texts.get(file) ?? readFileSync(file, "utf8");
  texts.set(file, known);
  return known;
}

function resolve(file: string, specifier: string): string {
  return path.join(path.dirname(file), specifier).replace(/\.js$/, ".ts");
}

/** The text of a node in one line, without comments and without `readonly`, which says nothing to who reads it. */
function slice(source: string, { pos, end }: Node): string {
  return source
    .slice(pos, end)
    .replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "")
    .replaceAll(/\breadonly (?=[\w[({])/g, "")
    .replaceAll(/\s+/g, " ")
    .trim()
    .replace(/^\| /, "")
    .replaceAll(/; }/g, " }");
}

/** The values of a list that stands beside the type, where that is made of them. */
function spelledOut(source: string, type: string): string {
  const list = /^\(typeof (\w+)\)\[number\]$/.exec(type)?.[1];
  const values = new RegExp(`const ${list} = \\[([^\\]]+)\\] as const`).exec(source)?.[1];
  return (
    values
      ?.split(",")
      .map((value) => value.trim())
      .filter(Boolean)
      .join(" | ") ?? type
  );
}

function signatureOf(source: string, { parameters = [], type }: Part): string {
  const all = parameters.map((one) => slice(source, one)).join(", ");
  return type ? `(${all}): ${slice(source, type)}` : `(${all})`;
}

function membersOf(source: string, members: readonly Part[]): Member[] {
  const shown = [SyntaxKind.PropertySignature, SyntaxKind.MethodSignature, SyntaxKind.PropertyDeclaration];
  return members
    .filter(({ kind }) => shown.includes(kind))
    .map((member) => {
      const isMethod = member.kind === SyntaxKind.MethodSignature;
      return {
        ...commentOf(source, member),
        name: member.name!.text,
        isOptional: (member.questionToken ?? member.postfixToken) !== undefined,
        isMethod,
        type: isMethod ? signatureOf(source, member) : slice(source, member.type!),
        members: member.type?.kind === SyntaxKind.TypeLiteral ? membersOf(source, member.type.members ?? []) : [],
      };
    });
}

function commentOf(source: string, { jsDoc = [] }: Part): DocComment {
  const last = jsDoc.at(-1);
  const raw = last ? source.slice(last.pos, last.end) : "";
  const flat = raw
    .replace(/^\s*\/\*\*/, "")
    .replace(/\*\/\s*$/, "")
    .replaceAll(/^\s*\* ?/gm, "")
    .replaceAll(/\s+/g, " ")
    .trim();
  const [description = "", ...tags] = flat.split(/ ?(?=@(?:throws|param)\b)/);
  const params: Record<string, string> = {};
  const throws: { type: string; when: string }[] = [];
  const hasNone = description.startsWith("@");
  for (const tag of hasNone ? [description, ...tags] : tags) {
    const param = /^@param (\w+) (.*)$/.exec(tag);
    if (param) params[param[1]!] = param[2]!;
    const thrown = /^@throws \{(\w+)\} ?(.*)$/.exec(tag);
    if (thrown) throws.push({ type: thrown[1]!, when: thrown[2]! });
  }
  return { description: hasNone ? "" : description, params, throws };
}

/** All members of a type: its own first, then those of what it extends. */
export function membersIn({ own, extended }: Declared): Member[] {
  const inherited = extended.flatMap(membersIn);
  const all = own.map((member) => {
    // A member that is only narrowed need not be described twice.
    const before = inherited.find(({ name }) => name === member.name);
    return member.description === "" && before ? { ...before, type: member.type } : member;
  });
  return [...all, ...inherited.filter(({ name }) => !own.some((member) => member.name === name))];
}
