import { find, textOf, type XmlNode } from "./office-xml.js";

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
      const sign = find(node, "m:chr")[0]?.attributes["m:val"] ?? "∫";
      const [from, to] = [part("m:sub"), part("m:sup")];
      return `${sign}${from === "" ? "" : `_${grouped(from)}`}${to === "" ? "" : `^${grouped(to)}`} ${part("m:e")}`;
    }
    case "m:d": {
      const [open = "(", close = ")"] = [
        find(node, "m:begChr")[0]?.attributes["m:val"],
        find(node, "m:endChr")[0]?.attributes["m:val"],
      ];
      return `${open}${node.children
        .filter(({ name }) => name === "m:e")
        .map(mathText)
        .join(", ")}${close}`;
    }
    case "m:func":
      return `${part("m:fName")} ${part("m:e")}`;
    case "m:m":
      return `[${find(node, "m:mr")
        .map((row) =>
          row.children
            .filter(({ name }) => name === "m:e")
            .map(mathText)
            .join(", "),
        )
        .join("; ")}]`;
    default:
      return /^m:(.*Pr|ctrlPr)$/.test(node.name) ? "" : node.name === "#text" ? "" : mathText(node);
  }
}

function grouped(text: string): string {
  return /^[\p{L}\p{N}.]*$/u.test(text) ? text : `(${text})`;
}
