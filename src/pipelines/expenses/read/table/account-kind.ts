import { withoutAccents } from "../../dates.js";

const CARD =
  /\b(credit ?cards?|card ?members?|card ?holder|kreditkarte|karteninhaber|carte de credit|tarjeta de credito|carta di credito|creditcard|mastercard|visa[ -]?(?:card|karte|abrechnung|statement)|american express|amex|minimum payment|credit limit|amount owed|kreditkort|karta kredytowa|cartao de credito|conta cartao|movimentos de cartao)\b|信用卡|贷记卡|כרטיס (?:ה)?אשראי/;
/** The number of a card with its middle or its end hidden. */
const MASKED_CARD =
  /(?<![\d*x-])(?:[3-6]\d{3}|[*x]{4})[ -]?(?:[\d*x]{4}[ -]?){2}(?:[*x]{4}|[\d*x]{3,4}|\d[*x]{3})(?![\d*x-])/;
/** A table of card and merchant is a card's, whatever it calls itself. */
const CARD_COLUMN = /\bcard ?(id|no|number)\b/;
const MERCHANT_COLUMN = /\bmerchant ?(name|category|country|city|place)\b/;
/** What accounts of banks have and cards lack: numbers of their own, and direct debits. */
const BANK =
  /\b(iban|bic|blz|bankleitzahl|sort code|bsb|ifsc|girokonto|giro|tagesgeld|sparkonto|kontostand|mandatsreferenz|glaubiger[ -]?id|glaeubiger[ -]?id|creditor id|mandate reference|checking|chequing|current account|savings account|compte courant|conto corrente|cuenta corriente|conta corrente|conta a ordem|other party account|counter ?party account|contra account|gegenkonto|tegenrekening|betaalrekening|privatkonto|lonekonto|kontonummer|konto[ -]nr|kontoauszug|geschaftskonto|conto no|numero di conto|extrait de compte|releve de compte)\b/;

/** What kind of account the words around its lines name. */
export function accountKind(around: string): "card" | "bank" | null {
  const plain = withoutAccents(around).replaceAll("_", " ");
  if (CARD.test(plain) || (CARD_COLUMN.test(plain) && MERCHANT_COLUMN.test(plain))) return "card";
  if (BANK.test(plain)) return "bank";
  return /[*x]/.test(MASKED_CARD.exec(plain)?.[0] ?? "") ? "card" : null;
}
