import { childOf, find, textOf, valueOf, type XmlNode } from "./office-xml.js";

/** An equation of Office in one line, such as "(a+b)/(2c)" or "x_1^2". */
export function mathText(node: XmlNode): string {
  return node.children.map(partText).join("");
}

function partText(node: XmlNode): string {
  const part = (name: string): string => find(node, name).slice(0, 1).map(mathText).join("");
  switch (node.name) {
    case "m:t":
      return textOf(node);
    case "m:f":
      return `${grouped(part("m:num"))}/${grouped(part("m:den"))}`;
    case "m:sSup":
      return `${part("m:e")}^${grouped(part("m:sup"))}`;
    case "m:sSub":
      return `${part("m:e")}_${grouped(part("m:sub"))}`;
    case "m:sSubSup":
      return `${part("m:e")}_${grouped(part("m:sub"))}^${grouped(part("m:sup"))}`;
    case "m:rad": {
      const degree = part("m:deg");
      return degree === "" ? `√${grouped(part("m:e"))}` : `root(${degree}, ${part("m:e")})`;
    }
    case "m:nary": {
      const sign = valueOf(childOf(node, "m:naryPr"), "m:chr", "m:val") ?? "∫";
      const [from, to] = [part("m:sub"), part("m:sup")];
      return `${sign}${from === "" ? "" : `_${grouped(from)}`}${to === "" ? "" : `^${grouped(to)}`} ${part("m:e")}`;
    }
    case "m:d": {
      const properties = childOf(node, "m:dPr");
      const [open = "(", close = ")"] = [
        valueOf(properties, "m:begChr", "m:val"),
        valueOf(properties, "m:endChr", "m:val"),
      ];
      return `${open}${partsOf(node).join(", ")}${close}`;
    }
    case "m:eqArr":
      return partsOf(node).join("; ");
    case "m:limLow":
      return `${part("m:e")}_${grouped(part("m:lim"))}`;
    case "m:limUpp":
      return `${part("m:e")}^${grouped(part("m:lim"))}`;
    case "m:func":
      return `${part("m:fName")} ${part("m:e")}`;
    case "m:m":
      return `[${find(node, "m:mr")
        .map((row) => partsOf(row).join(", "))
        .join("; ")}]`;
    default:
      return /^m:(.*Pr|ctrlPr)$/.test(node.name) ? "" : node.name === "#text" ? "" : mathText(node);
  }
}

function partsOf(node: XmlNode): string[] {
  return node.children.filter(({ name }) => name === "m:e").map(mathText);
}

/** An equation as Word had them before: a field that only its instruction says, such as "EQ \\f(a,b)". Empty of any other field. */
export function equationOfField(instruction: string): string {
  const equation = /^\s*EQ\b(.*)$/is.exec(instruction);
  if (!equation) return "";
  const bare = equation[1]!
    .replace(/\\\*\s*(?:"[^"]*"|\S+)/g, " ")
    .replace(/\\f\s*\(([^(),;]*)[,;]([^(),;]*)\)/gi, " $1/$2 ")
    .replace(/\\[a-z]+\d*(?:\s+\d+(?=\s*\())?/gi, " ");
  return bare
    .replace(/[();]|,(?!\d)|(?<!\d),/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

function grouped(text: string): string {
  return /^[\p{L}\p{N}.]*$/u.test(text) ? text : `(${text})`;
}
