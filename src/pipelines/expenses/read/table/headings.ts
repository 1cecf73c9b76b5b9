import { withoutAccents } from "../../dates.js";
import { currencyOf } from "../../money.js";
import { BOTH_WAYS, DUE, FOREIGN } from "./foreign-words.js";

/** What a column of a statement holds. */
export type ColumnRole =
  | "date"
  | "posted"
  | "description"
  | "merchant"
  | "amount"
  | "debit"
  | "credit"
  | "net"
  | "fee"
  | "balance"
  | "currency"
  | "originalAmount"
  | "originalCurrency"
  | "direction"
  | "status"
  | "type"
  | "employee"
  | "category"
  | "account"
  | "reference"
  | "other";

/** Letters that are no accented ones and that keyboards of other countries lack. */
const FOLDED: Readonly<Record<string, string>> = {
  ø: "o",
  ł: "l",
  ı: "i",
  đ: "d",
  ð: "d",
  æ: "ae",
  œ: "oe",
  ß: "ss",
  þ: "th",
};

/** Letters with their marks, digits and single blanks; accents of Latin letters are dropped. */
export function plainHeading(text: string): string {
  return withoutAccents(text)
    .replace(/[øłıđðæœßþ]/g, (letter) => FOLDED[letter]!)
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, " ")
    .trim();
}

/** `\b` knows only English letters; Chinese, Japanese, Korean and Thai put no blanks between words. */
function words(list: string): RegExp {
  const joined =
    list.match(/[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]{2,}|[\p{sc=Hangul}]{2,}|[\p{sc=Thai}]{3,}/gu) ?? [];
  return new RegExp([`(?<!\\p{L})(?:${list})(?!\\p{L})`, ...joined].join("|"), "u");
}

const DEBIT = `debits?|debets?|debet kwota|outflows?|paid out|money out|outgoings?|withdrawals?|withdrawls?|withdrawn|withdraw|soll|belastung(?:en|sbetrag)?|lastschrift(?:en|betrag)?|cargos?|charges?|spent|spendings?|sorties?|depenses?|expenses?|uscite?|addebit[oi]|debitos?|debito|saidas?|utgift(?:er)?|uttak|ut av konto|ut fra konto|uttag|udgift(?:er)?|obciazeni[ae]|wydatk?i?|vydaje?|borc|giden|razhod|разход|terheles|kiadas|retiros?|egresos?|ausgaben?|ausgang|abgang|abbuchung(?:en)?|支出|借方|出金|お引出し|支払金額|取款|支取|расход|списание|списання|дебет|видатки|חובה|${FOREIGN.debit}`;
const CREDIT = `credits?|inflows?|paid in|money in|incomings?|deposits?|deposited|haben|gutschrift(?:en|sbetrag)?|abonos?|received|entrees?|recettes?|entrat[ae]|accredit[oi]|avere|creditos?|entradas?|inn pa konto|innskudd|insattning|indkomst|uznani[ae]|wplywy|prijmy?|alacak|gelen|prihod|постъпления|jovairas|bevetel|lodgements?|depositos?|ingresos?|einnahmen?|eingang|zugang|einzahlung(?:en)?|收入|貸方|入金|お預入れ|存款|存入|приход|поступление|кредит|зарахування|надходження|זכות|${FOREIGN.credit}`;
const BALANCE = `balance|running bal|bal|saldo|saldot|solde|kontostand|bilans|zustatek|zostatok|egyenleg|bakiye|stav uctu|sold|余额|残高|差引残高|结余|остаток|залишок.*|баланс|יתרה|${FOREIGN.balance}`;
const DATE = `date|dates|dt|datum|fecha|data|dato|paiva|paivamaara|kirjauspaiva|buchungstag|buchungsdatum|buchung|belegdatum|transaktionsdatum|kaufdatum|bokfort|bokforingsdag|bokforingsdatum|transaktionsdag|tarih|kelt|konyveles|datum transakce|kuupaev|datums|day|when|time|tanggal|日期|交易日|交易时间|記帳日|取引日|利用日|ご利用日|日付|年月日|お取り扱い日|дата|תאריך|created|completed on|started|${FOREIGN.date}`;
const AMOUNT = `amounts?|amt|betrag|betraege|betrage|umsatz|umsaetze|montants?|importes?|importo|importi|bedrag|belop|belob|belopp|valor|monto|cantidad|kwota|castka|suma|summa|summe|sum|osszeg|tutar|maara|value|total|gross|brutto|quantia|iznos|jumlah|nominal|cuantia|monetaire|金额|交易金额|金額|利用金額|сумма|сума|סכום|paid|price|cost|${FOREIGN.amount}`;
const DESCRIPTION = `descriptions?|desc|details?|narratives?|narration|transactions?|particulars?|memo|buchungstext|verwendungszweck|vorgang|libelles?|conceptos?|concept|causale|descrizione|descricao|descripcion|detalles?|text|tekst|texte|omschrijving|mededeling(?:en)?|beskrivelse|beskrivning|rubrik|forklaring|purpose|activity|what|notes?|comments?|communications?|tytul|opis|popis|zprava|selite|viesti|kozlemeny|aciklama|historico|lancamento|movimientos?|operacion|operations?|operazione|avisierungstext|buchungsdetails|bemerkung|referenztext|information|keterangan|uraian|摘要|用途|商品说明|商品|交易说明|摘要内容|利用店名|ご利用店名|お取引内容|内容|назначение|описание|призначення платежу|опис(?: операціі)?|деталі(?: операціі)?|תיאור|subject|label|item|${FOREIGN.description}`;
const MERCHANT = `merchants?|payees?|vendors?|suppliers?|begunstigter?|beguenstigter?|auftraggeber|empfanger|empfaenger|zahlungspflichtiger?|zahlungsempfanger|zahlungsbeteiligter|counter ?party|counterparts?|beneficiar(?:y|io|ia)|beneficiaire|name|naam|navn|namn|nom|nombre|nome|nazwa|nazev|wer|sender|recipient|from|to|tegenpartij|naam tegenrekening|kontrahent|saaja|partner|contrepartie|tegenrekening naam|交易对方|对方户名|商户名称|контрагент|shop|store|${FOREIGN.merchant}`;
const PRODUCT = "product|produto|producto|produkt|produit|prodotto";

/** In this order: the first that fits a heading decides. */
const HEADINGS: readonly (readonly [ColumnRole, RegExp])[] = [
  ["other", DUE],
  ["amount", BOTH_WAYS],
  [
    "other",
    words(
      "exchange rate|fx rate|kurs|umrechnungskurs|wechselkurs|rate|taux|tipo de cambio|koers|kurssi|time ?zone|address line.*|address|units?|quantity|qty|shares|price per.*|tva|vat|gst|tax|interest rate|points?|posting number|cash ?back amount|rewards?|tip|page|row|line number|mcc|merchant category code|zip|city|town|state province.*|postal code|phone number|shipping.*|insurance amount|option \\d.*|opening balance|beginning balance|avail(?:able)?(?: balance)?",
    ),
  ],
  [
    "direction",
    /^(af bij|bij af|dr cr|cr dr|debit credit|credit debit|d c|c d|s h|soll haben|haben soll|sens|direction|in out|debet credit|credit debet|debit or credit|credit or debit|credit debit indicator|cdtdbtind|debit credit indicator|debit credit code|transaction direction|收 支|收支|收付标志|debe haber|debito credito|dc|cd|c d kz|dc kz|indicator|debit kredit|debet kredit|mutatiesoort credit debet|income expense|d h|plus minus|sign|vorzeichen)$/u,
  ],
  [
    "status",
    words(
      `(?:is )?pending|status|state|zustand|etat|estado|stato|tila|当前状态|交易状态|статус|transaction status|payment status|${FOREIGN.status}`,
    ),
  ],
  [
    "fee",
    words(
      `fees?|gebuhr(?:en)?|entgelte?|comissao|comissoes|auslagenersatz.*|commissions?|commissioni|comision(?:es)?|frais|kosten|provize|prowizja|surcharge|service charge amount|手续费|服务费|комиссия|${FOREIGN.fee}`,
    ),
  ],
  [
    "originalCurrency",
    words(
      "(?:original|foreign|orig|local|transaction|source|merchant|instructed|purchase) (?:currency|ccy|curr|currency code)|originalwahrung|fremdwahrung|fremdwahrungscode|devise (?:d )?origine|valuta originale|moneda original|waluta oryginalna|transactiewaarde munt|currency original|originalvaluta|foreign currency(?: code| type)?|type foreign currency|muntsoort oorspronkelijk.*|puvodni mena|mena originalna|orig currency",
    ),
  ],
  [
    "originalAmount",
    words(
      "original amount.*|foreign amount.*|foreign currency amount.*|amount (?:in )?(?:foreign|original|local|transaction)(?: currency)?.*|orig amount|local amount.*|original|foreign|originalbetrag|ursprungsbetrag|fremdwahrungsbetrag|betrag (?:in )?(?:fremdwahrung|originalwahrung)|betrag fremdwahrung|amount foreign currency|importe original|importe divisa|montant d? ?origine|montant en devise|bedrag oorspronkelijk.*|kwota oryginalna|valutabelopp|belopp i valuta|bedrag vreemde valuta|castka v (?:puvodni|originalni) mene|merchant amount|source amount|transaction currency amount|amount in transaction currency|ursprunglich.*betrag|lastschrift ursprungsbetrag|oorspr bedrag|instructed amount|purchase amount|сума в валюті (?:операціі|транзакціі).*",
    ),
  ],
  [
    "balance",
    words(
      `(?:running |account |closing |current |new |ledger |end(?:ing)? |available |book |remaining )?(?:${BALANCE})(?: .*)?|saldo .*|.* (?:saldo|balance|solde|余额|残高)`,
    ),
  ],
  [
    "employee",
    words(
      "employees?|card ?holder(?: name)?|card ?member|name on card|travell?er|member name|mitarbeiter(?:in)?|karteninhaber(?:in)?|titulaire|user name|user|spender|person|cardholder",
    ),
  ],
  ["net", words("settle(?:d|ment) amount|amount settled")],
  [
    "posted",
    words(
      "post(?:ed|ing)?(?: on)?|booked(?: on)?|verbucht am|gebucht am|verbucht|value date|value dt|val(?:ue)? date|wertstellung(?:stag|sdatum)?|wertst|valuta|valutadatum|valutadato|valutadag|settle(?:d|ment)?|date (?:de )?valeur|date valeur|fecha (?:de )?valor|f valor|data valuta|data waluty|rentedatum|arvopaiva|rentedato|valordatum|data valor|effective date|interest date|cleared|clearing date|completed date|erteknap|datum zauctovani|transaction posted date|processed(?: date)?|processing date|date de comptabilisation|data contabile|date comptable|date operation comptable|入账日期|記帳日|invoice date|due date|interestdate",
    ),
  ],
  // The other side's account tells nothing of the one that the line is of.
  [
    "other",
    words(
      "op bank account.*|op account.*|tegenrekening|other party (?:account|iban|bank).*|(?:rekening|rekeningnummer|iban|bic) (?:van de )?tegenpartij|counter ?party (?:account|iban|bic|number).*|counter ?account|contra account|(?:compte|iban) (?:de )?(?:contrepartie|beneficiaire|tiers|destinataire)|gegenkonto.*|(?:konto|kontonummer|iban|bic)(?: (?:des|der|nummer|nr))? (?:auftraggebers?|empfangers?|zahlungs|begunstigter?|gegen).*|partner (?:iban|account.*|bank account)|(?:beneficiary|recipient|payee|sender|to|from) (?:account|iban).*|(?:konto|rachunek|numer konta) (?:kontrahenta|nadawcy|odbiorcy).*|protiucet|cislo protiuctu|cuenta (?:destino|beneficiario|contraparte)|bic.*|blz|bank code|bankleitzahl|sort code|对方账号|对方卡号|订单金额|对方账户|对方帐号",
    ),
  ],
  // "Out of the account", "into the account".
  ["debit", /^(?:ut|uttak|trukket) (?:fra|av) konto$/],
  ["credit", /^(?:inn|innskudd) (?:pa|til) konto$/],
  [
    "account",
    words(
      `account(?: .*)?|acct(?: .*)?|acc(?:ount)? (?:no|number)|iban|auftragskonto|konto(?:nummer|bezeichnung|name|nr)?|eigenes konto|rekening(?:nummer)?|compte|cuenta|conto|rachunek|cislo uctu|tili(?:numero)?|szamlaszam|iban.*|card(?: (?:no|number|type|ending|last.*))?|karten? ?(?:nummer|nr)?|kreditkarte|numero (?:de )?(?:compte|carte|conto|cuenta)|kontonummer.*|account owner|账号|卡号|対象|счет|חשבון|wallet|${PRODUCT}`,
    ),
  ],
  ["date", words(`(?:${DATE})(?: .*)?|.* (?:${DATE})`)],
  ["debit", /^(dr|payments?|uit|ut|out|debe|dare|af|ut fra konto|payments out|debit amt)$/],
  ["credit", /^(cr|bij|ind|inn|in|haber|receipts?|income|payments in|credit amt)$/],
  [
    "direction",
    words(
      "(?:debits?|lastschrift|soll|withdrawals?|expense|charge|debito) (?:or |and |und |et )?(?:credits?|gutschrift|haben|deposits?|income|credito)|(?:credits?|gutschrift|haben|deposits?|income|credito) (?:or |and |und |et )?(?:debits?|lastschrift|soll|withdrawals?|expense|charge|debito)",
    ),
  ],
  [
    "type",
    words(
      `(?:transaction |entry |tran |trans |payment |movement |account |record )?(?:type|art|code)|umsatzart|umsatztyp|buchungsart|transaktionstyp|transaktionsart|kind|tipo.*|mutatiesoort|tapahtumalaji|typ.*|rodzaj.*|mutation type|code|交易类型|类型|method|mode|payment method|channel|type d? ?operation|${FOREIGN.type}`,
    ),
  ],
  ["credit", words(CREDIT)],
  ["debit", words(DEBIT)],
  ["net", words("net|net amount|netto|nettobetrag|net value")],
  [
    "currency",
    words(
      `currency|ccy|curr|cur|wahrung|waehrung|devises?|monedas?|moeda|mena|waluta|valuta|valute|divisa|divisas|munt|munteenheid|deviza|doviz|para birimi|valyuta|币种|货币|通貨|валюта(?: картки| рахунку)?|currency code|wahrungscode|mnt|${FOREIGN.currency}`,
    ),
  ],
  ["amount", words(AMOUNT)],
  [
    "category",
    words(
      "category|categories|kategorie|kategoria|categorie|categoria|expense type|subcategory|parent category|hauptkategorie|tags?|budget|label group|主分类|分类",
    ),
  ],
  ["merchant", words(MERCHANT)],
  ["description", words(DESCRIPTION)],
  [
    "reference",
    words(
      "ref|refs|reference|referenz(?:nummer)?|referencia|id|number|no|nr|numero|num|check|cheque|chq|transaction id|kundenreferenz|mandatsreferenz|glaubiger.*|kenmerk|viite|viitenumero|vs|ks|ss|arkistointitunnus|payment reference|交易号|订单号|交易订单号|单号|流水号|serial|slip|uuid|guid|fitid|document",
    ),
  ],
];

/** The role that a heading's words give; "other" where they say nothing known. */
export function roleOfHeading(heading: string): ColumnRole {
  const of = (plain: string): ColumnRole => HEADINGS.find(([, pattern]) => pattern.test(plain))?.[0] ?? "other";
  const role = of(plainHeading(heading));
  // "CounterpartyAccount" is two words.
  return role === "other" && /\p{Ll}\p{Lu}/u.test(heading)
    ? of(plainHeading(heading.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")))
    : role;
}

const ONLY_PRODUCT = new RegExp(`^(?:${PRODUCT})$`);

/** Whether it may name what was bought as well as the account. */
export function namesProduct(heading: string): boolean {
  return ONLY_PRODUCT.test(plainHeading(heading));
}

/** The currency that a heading names: "Amount (GBP)", "Betrag in €", "金额(元)". */
export function currencyOfHeading(heading: string): string | null {
  for (const [word] of heading.matchAll(
    /(?<![\p{L}])[A-Z]{3}(?![\p{L}])|(?:A|C|NZ|HK|S|US|R)?\$|[€£₹₺₽₪₴₩₫₱฿₦]|zł|Kč|人民[币幣]|美元|欧元|港币|日元|(?<=[(（])(?:[元円원]|руб|грн|лв|Ft)(?=\.?[)）])|(?<!\p{L})(?:Euros?|EUROS?|euros?|Rs)(?!\p{L})/gu,
  )) {
    const currency = IN_HEADINGS[word.toUpperCase()] ?? currencyOf(word);
    if (currency && !NOT_CODES.has(word)) return currency;
  }
  return null;
}
/** What currencies are called in headings: "BETRAG IN EURO", "Amount (in Rs.)". */
const IN_HEADINGS: Readonly<Record<string, string>> = { EURO: "EUR", EUROS: "EUR", RS: "INR" };
/** Codes of ISO 4217 that are words of headings. */
const NOT_CODES: ReadonlySet<string> = new Set(["ALL", "TOP", "MOP", "COP", "PEN", "CUP", "BAM", "TRY"]);
