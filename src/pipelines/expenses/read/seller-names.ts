import { plainWords } from "../names.js";

/** Legal forms behind a name; what stands before them is a company. */
const FORM = String.raw`(?:gmbh|ltd|limited|llc|inc|corp|corporation|company|co|ag|kg|ohg|oyj?|se|plc|sarl|s\.?a\.?s|s\.?a|b\.?v|n\.?v|s\.?r\.?l|s\.?p\.?a|sdn\.? bhd|pty|ab|as|aps|a\/s|a\.\s?s|s\.\s?r\.\s?o|k\.\s?s|kft|zrt|sp\. z o\.?o|株式会社)`;
const COMPANY = new RegExp(String.raw`^[^\p{L}]*(\p{L}[^,;|:]{1,48}?),?\s+(${FORM})\b\.?`, "iu");
/** Chinese, Japanese and Korean forms stand before or behind, without a blank. */
const EASTERN =
  /(?:株式会社|（株）|\(株\)|㈱|\(주\))\s*([\p{L}\d_ ]{2,24})|([\p{L}\d]{2,20}?)(?:株式会社|（株）|\(株\)|㈱|有限公司)/u;
const SITE =
  /(?:@|www\.|https?:\/\/(?:www\.)?|(?<![\p{L}\d.@-]))(?:[a-z0-9-]+\.)*?([a-z0-9][a-z0-9-]{1,30})\.(?:com|net|org|eu|de|at|ch|fr|it|es|nl|be|pl|cz|sk|hu|ro|se|no|dk|fi|ie|pt|us|ca|io|co(?:\.[a-z]{2})?)(?![\p{L}\d-]|\.[a-z]{3})/giu;
/** Sites of mail boxes, networks and shops for apps: everybody's page names them. */
const ANYBODYS =
  /^(gmail|googlemail|google|hotmail|outlook|live|yahoo|ymail|gmx|web|icloud|me|aol|proton(mail)?|mail|facebook|twitter|instagram|youtube|linkedin|pinterest|tiktok|apple|itunes|play|w3|schema|example|co|com)$/;
const PAID_TO =
  /\b(?:payment (?:of [^a-z]{1,12}(?:[A-Z]{3} )?)?(?:sent )?to|donated [^a-z]{1,12}(?:[A-Z]{3} )?to|amounting to [^a-z]{1,12}(?:[A-Z]{3} )?to|sold by:?|paid to:?|thank(?:s| you) for (?:shopping|dining|staying|booking|travelling|riding) (?:at|with)|thanks for using|your order (?:from|with)|booking with)\s+(\p{L}[\p{L}\d&'., -]{1,40})/giu;
const LABELLED =
  /^(?:hospital|clinic|shop|supplier|company|restaurant|hotel|carrier|operator|provider|fornecedor|proveedor|dodavatel|prodejce|predajca|szállító|fournisseur|가맹점)\s*:\s*([^,;|]{2,40})/iu;
const MAX_NAMES = 10;
/** Where no blanks part words, a name is a line of its own at the top. */
const EASTERN_LINE = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ーA-Z&・ ]{2,24}$/u;
const EASTERN_TOP = 8;
const EASTERN_PAPER = /領 ?収|営業|登録番号|電話|請求|영수증|발행|신용승인|환불/;
const NO_NAME = /^(the|our|your|this|a|an)$/;

/** Names on a page that may be the seller's, in the order in which they stand; a card's line may be under any of them. */
export function sellerNames(lines: readonly string[]): string[] {
  const found = new Map<string, string>();
  const add = (name: string | undefined): void => {
    const tidy = name?.replace(/\s+/g, " ").replace(/^[\s*#=_~|.,"“„»«-]+|[\s*#=_~|,;:."”“»«-]+$/g, "");
    const key = plainWords(tidy ?? "");
    if (!tidy || key.length < (EASTERN_LINE.test(tidy) ? 2 : 3) || NO_NAME.test(key)) return;
    if (/\p{L}{2}/u.test(tidy) && !found.has(key)) found.set(key, tidy);
  };
  for (const line of lines.slice(0, EASTERN_TOP))
    if (EASTERN_LINE.test(line) && /[^\p{ASCII}]/u.test(line) && !EASTERN_PAPER.test(line)) add(line);
  for (const line of lines) {
    for (const name of paidIn(line)) add(name);
    for (const cell of line.split(/ {2,}|\s\/\s|•|\||\. /)) {
      add(LABELLED.exec(cell.trim())?.[1]);
      add(companyIn(cell.trim()));
      const eastern = EASTERN.exec(cell);
      add(eastern?.[1] ?? eastern?.[2]);
    }
    for (const [, site] of line.toLowerCase().matchAll(SITE)) if (!ANYBODYS.test(site!)) add(site);
    if (found.size >= MAX_NAMES) break;
  }
  return [...found.values()].slice(0, MAX_NAMES);
}

/** Whom a text says a payment went to; what is written small or stands before an @ is no name. */
export function paidIn(line: string): string[] {
  return [...line.matchAll(PAID_TO)].flatMap((match) => {
    const name = match[1]!.split(/ (?:\(|for |via |using |with )/)[0]!.trim();
    const isAddress = line[match.index + match[0].length] === "@";
    return isAddress || !/^[\p{Lu}\p{Lo}]/u.test(name) ? [] : [name];
  });
}

/** Forms of two letters are words as well, but not in capitals: "as", "ab". */
function companyIn(cell: string): string | undefined {
  const [, name, form] = COMPANY.exec(cell) ?? [];
  return form && form.length === 2 && form !== form.toUpperCase() && form !== "Co" ? undefined : name;
}
