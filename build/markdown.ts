/** A description in one line; what a page would take for a tag or a template is written as an entity. */
export function text(description: string | null | undefined): string {
  return (description ?? "").replaceAll(/\s+/g, " ").replaceAll("<", "&lt;").replaceAll("{{", "&#123;&#123;").trim();
}

export function sentence(words: string): string {
  const all = text(words);
  const whole = all.charAt(0).toUpperCase() + all.slice(1);
  return /[.!?]$/.test(whole) || whole === "" ? whole : `${whole}.`;
}

export function code(word: string): string {
  return `\`${word}\``;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => "---"), ...rows].map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`,
  );
}

export function lines(...all: readonly string[]): string {
  return `${all.join("\n").trim()}\n`;
}
