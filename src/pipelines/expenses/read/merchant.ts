import { findDates, withoutAccents } from "../dates.js";
import { findAmounts } from "../money.js";
import { paidIn } from "./seller-names.js";

const LABEL =
  /^(?:merchant|sold by|seller|vendor|supplier|payee|store|paid to|verkäufer|vendeur|from)\s*:\s*(.{2,60})$/i;
/** A heading over the seller's name and address. */
const SELLER_HEADING =
  /^(?:(?:seller|verkäufer|vendeur|vendor|supplier|lieferant|rechnungssteller|sold by|vendedor|venditore|verkoper|fournisseur|proveedor|fornecedor|fornitore|dodavatel|prodejce|szállító)\s*:?|from\s*:)$/i;
/** What receipts begin with that is not who wrote them. */
const NOT_A_NAME =
  /^(tax |sales |vat |your |official |customer |merchant |e-?|order |payment |purchase |cash |booking |travel )*(invoice|receipts?|e-?ticket|bill|copy|refund|credit note|credit memo|gutschrift|avoir|summary|confirmation|rechnung|quittung|beleg|bon|facture|reçu|ticket|factura|recibo|ricevuta|welcome.*|thank(s| you).*|hello.*|hi .*|dear .*|page \d.*|original|duplicate|\W*)\W*$/i;
const CONTACT = /@|www\.|https?:|\b(tel|phone|fax|vat|tax id|siret|abn|gst|reg)\b|^\+?[\d\s().-]{7,}$/i;
/** What a paper says of itself, with its number, and headings over names, in the order of a page's first lines. */
const ABOUT_THE_PAPER =
  /^\W*((sample |tax |medical |commercial |electronic |e-?|online[ -])?(invoice|receipt|bill|order|booking|ticket|rechnung|facture|factura|fattura|factuur|szamla|faktura|jizdenka|elektronick\w+ jizdenka|duplika\w*|kopie|copy|menu|service|your orders?|order confirmation)\b.{0,30}(#|\bno\b|number|\bnr\b|n°|č\.|:|\d|$)|(bill|ship|sold|invoiced?|deliver\w*) to\b|to$|from$|(view|see|click|bitte|hint|note|number of|ship\w*|seller|buyer|passenger\w*|payment (from|to|details|method))\b|(date|datum|date de facture|invoice date|due date)\b|no\b|serial\b|page\b|seite\b|〒|登録番号|領 ?収|営業|tel\b|電話)/;
/** A sentence speaks to the reader; a name does not. */
const SENTENCE = /\b(you|your|we|we'll|please|thanks?|is confirmed|tack|vielen dank|merci|gracias|grazie|dziekujemy)\b/;
/** More words are a sentence or an article. */
const MOST_WORDS = 7;
const SENDER_NOISE =
  /\b(receipts?|no-?reply|tickets?|bookings?|orders?|billing|invoices?|notifications?|support|customer service|team|payments?)\b/gi;

/** Who was paid: a label says so, or the e-mail's sender, or the first line that is a name. Null where nothing does. */
export function merchantOf(
  lines: readonly string[],
  { sender, subject }: { readonly sender?: string; readonly subject?: string },
): string | null {
  const labelled = lines.slice(0, 40).map((line) => LABEL.exec(line)?.[1]?.trim());
  const label = labelled.find(
    (name) => name !== undefined && /\p{L}{2}/u.test(name) && !/@|^(bill )?to\s*:?$/i.test(name),
  );
  if (label) return tidy(label);
  const named = underHeading(lines)
    ?.replace(/^(?:company )?(?:name|firma)\s*:\s*/i, "")
    .trim();
  if (named && /\p{L}{2}/u.test(named) && named.length <= 60 && !NOT_A_NAME.test(named)) return tidy(named);
  const paid = lines.flatMap(paidIn)[0];
  if (paid !== undefined) return tidy(paid);
  if (sender !== undefined) return fromSender(sender) ?? fromSubject(subject) ?? firstName(lines);
  return firstName(lines);
}

/** What stands under a heading for the seller; "From" and "To" may stand side by side, and the names below them. */
function underHeading(lines: readonly string[]): string | undefined {
  const cells = lines.map((line) => line.split(/ {2,}/).map((cell) => cell.trim()));
  for (const [at, row] of cells.entries()) {
    const place = row.findIndex((cell) => SELLER_HEADING.test(cell) || (row.length > 1 && /^from\s*:?$/i.test(cell)));
    if (place < 0) continue;
    // "Seller:  Shop Ltd  Buyer:  Firm Ltd": the name stands beside its heading.
    const beside = row[place + 1];
    if (row[place]!.endsWith(":") && beside !== undefined && !beside.endsWith(":")) return beside;
    return cells[at + 1]?.length === row.length ? cells[at + 1]![place] : cells[at + 1]?.[0];
  }
  return undefined;
}

/** "Uber Receipts" is Uber. An address alone gives its domain's name. */
function fromSender(sender: string): string | null {
  const name = sender.includes("@")
    ? (/@(?:.*\.)?([a-z0-9-]+)\.[a-z]{2,}(?:\.[a-z]{2})?$/i.exec(sender.trim())?.[1] ?? "")
    : sender;
  const rest = name.replace(SENDER_NOISE, " ").replace(/\s+/g, " ").trim();
  return /\p{L}{2}/u.test(rest) ? tidy(rest) : null;
}

function fromSubject(subject: string | undefined): string | null {
  const found = /\b(?:from|with|at|by)\s+(\p{Lu}[\p{L}\d&'. -]{1,40}?)(?:\s*[-–|:(#]|$)/u.exec(subject ?? "")?.[1];
  return found ? tidy(found) : null;
}

function firstName(lines: readonly string[]): string | null {
  for (const line of lines.slice(0, 12)) {
    const [first] = line.split(/ {2,}/);
    if (!first || first.length > 60 || !/\p{L}{2}/u.test(first)) continue;
    const plain = withoutAccents(first);
    if (NOT_A_NAME.test(first) || CONTACT.test(first) || ABOUT_THE_PAPER.test(plain) || SENTENCE.test(plain)) continue;
    if (first.split(/\s+/).length > MOST_WORDS || /^\p{Ll}.*\.$/u.test(first)) continue;
    const figures = findAmounts(first).some(
      ({ amount }) => amount.currency !== null || /[.,]\d{2}$/.test(amount.number),
    );
    if (figures || findDates(first).length > 0 || /^[\p{L} ]{2,25}:\s/u.test(first)) continue;
    return tidy(first);
  }
  return null;
}

function tidy(name: string): string {
  return name
    .replace(/^[\s*#=_~|.-]+|[\s*#=_~|,;:-]+$/g, "")
    .replace(/\s+/g, " ")
    .slice(0, 80);
}
