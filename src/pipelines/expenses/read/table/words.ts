import { plainHeading } from "./headings.js";

export type Direction = "out" | "in" | "none";

/** What a direction column says, in the words of banks; compared as `plainHeading` has them. */
const DIRECTIONS: readonly (readonly [Direction, string])[] = [
  [
    "out",
    "d dr db deebet debetas debets debit debits debet debito debe af uit s soll out outgoing outflow expense expenses withdrawal withdraw dbit charge charges sent spend spending purchase lastschrift belastung abbuchung ausgabe sortie depense uscita dare cargo egreso gasto saida u ut utgift 支出 支 借 出 付款 расход дебет списание obciazenie wydatek 支払 支払い お支払い 出金 利用 物販 출금 지급 rashod isplata giden cikan gider keluar trekk χρεωση مدين خصم سحب برداشت",
  ],
  [
    "in",
    "c cr k kreedit kreditas kredits credit credits creditos credito haber bij h haben in incoming inflow income deposit crdt refund received gutschrift eingang einnahme entree recette entrata avere abono ingreso entrada inn inkomst 收入 收 貸 贷 入 收款 приход кредит поступление uznanie wplyw チャージ オートチャージ 入金 支払取消 返金 払戻 預入 입금 uplata prihod gelen giren gelir masuk πιστωση دائن إيداع ايداع واریز",
  ],
  ["none", "不计收支 neutral"],
];
const DIRECTION_OF = new Map<string, Direction>(
  DIRECTIONS.flatMap(([direction, all]) =>
    all.split(" ").map((word): [string, Direction] => [plainHeading(word), direction]),
  ),
);

/** Null where the words say nothing known of a direction. */
export function directionOf(text: string): Direction | null {
  const trimmed = text.trim();
  if (trimmed === "-" || trimmed === "−") return "out";
  if (trimmed === "+") return "in";
  if (trimmed === "/") return "none";
  const plain = plainHeading(trimmed);
  if (/^(money|paid) out$/.test(plain)) return "out";
  if (/^(money|paid) in$/.test(plain)) return "in";
  // "贷 Cr" says it twice.
  const said = new Set(plain.split(" ").map((word) => DIRECTION_OF.get(word) ?? null));
  return said.size === 1 ? [...said][0]! : null;
}

const NOT_SETTLED =
  /^(pending|authori[sz]ed|authori[sz]ation|hold|on hold|temporary hold|processing|scheduled|in progress|open|uncleared|ausstehend|vorgemerkt|offen|umsatz vorgemerkt|en attente|pendiente|in attesa|pendente|oczekujaca|reserverat|reserveret|prevision|w trakcie( realizacji)?|w realizacji|zaplanowana|zablokowana|ceka( na zpracovani)?|nezauctovano|fuggoben|folyamatban|beklemede|islemde|in asteptare|in curs|odottaa|varattu|na cekanju|rezervirano|rezervisano|tertunda|menunggu|diproses|dang xu ly|cho xu ly|laukiama|rezervuota|gaida|ootel)\b|処理中|未確定|承認待ち|対応中|대기|승인대기|처리중|в обработке|ожидает|не проведен|в обробці|очікує|معلق|قيد المعالجة|ממתין|待支付|待付款|等待|待处理|处理中|未結算/u;
const NOT_HAPPENED =
  /^(revert(ed)?|declined?|failed|failure|cancell?ed|reversed|void(ed)?|rejected|expired|denied|refused|returned|removed|abgelehnt|storniert|fehlgeschlagen|zuruckgewiesen|refusee?|annulee?|rejetee?|rechazad[oa]|anulad[oa]|cancelad[oa]|rifiutat[oa]|annullat[oa]|geweigerd|odrzucon[aey]|anulowan[aey]|avvist|nekad|zamitnuto|zrusen[aoy]|stornovan[aoy]|elutasitva|torolve|reddedildi|iptal( edildi)?|respinsa|anulata|hylatty|peruttu|odbijen[aoy]|gagal|dibatalkan|ditolak|that bai|da huy|atmesta|atsaukta)\b|キャンセル済|取消済|失敗|却下|취소|실패|거절|отклонен[аоы]?|отменен[аоы]?|возвращен[аоы]?|відхилен[аоы]?|скасован[аоы]?|مرفوض|ملغ|נדחה|בוטל|交易关闭|已关闭|失败|已撤销|已冲正|已取消|对方已退还|已退款|已全额退款/u;
const DONE =
  /^(completed?|posted|settled|cleared|booked|success(ful)?|succeeded|executed|done|paid|ok|abgeschlossen|gebucht|berechnet|abgerechnet|umsatz gebucht|verbucht|ausgefuhrt|execute|effectue|comptabilise|realizad[oa]|liquidad[oa]|eseguit[oa]|contabilizzat[oa]|concluid[oa]|conclusa|uitgevoerd|geboekt|zrealizowan[ae]|sent|received|issued|bokford|betald|current|active|final|approved|reviewed|normal|refunded|partially refunded|geaccepteerd|aanvaard|accepted|akzeptiert|acceptee?|aceptad[oa]|accettat[oa]|card charged|card refunded|payment (?:sent|received|deposited)|deposited|zrealizowany|zaksiegowan[aey]|rozliczon[aey]|provedeno|zauctovano|teljesitve|teljesult|konyvelt|tamamlandi|gerceklesti|basarili|finalizata|procesata|kirjattu|toteutunut|izvrsen[aoy]|provedeno|realizovan[aoy]?|berhasil|sukses|selesai|thanh cong|hoan thanh|ivykdyta|uzskaitita|teostatud|c|r|x|y)$|完了|確定|정상|완료|승인|выполнен[аоы]?|исполнен[аоы]?|проведен[аоы]?|успешно|виконан[аоы]?|успішно|проведен[аоы]?|مكتمل|ناجح|בוצע|สำเร็จ|成功|已收钱|已存入|已到账|已转账|对方已收|充值完成/u;

/** The status that a cell tells: a column "pending" holds yes or no. */
export function statusIn(heading: string, cell: string): string {
  if (!/^(is )?pending$/.test(plainHeading(heading))) return cell;
  return /^(true|yes|y|1)$/i.test(cell.trim()) ? "pending" : "";
}

/** Whether the bank's status says that money moved; null where its word is not known. */
export function isSettled(status: string): boolean | null {
  const plain = plainHeading(status);
  if (NOT_SETTLED.test(plain) || NOT_HAPPENED.test(plain)) return false;
  return DONE.test(plain) ? true : null;
}

const NOT_BOOKED =
  /^(pending|unposted|not (yet )?(posted|booked)|upcoming|(noch )?(nicht gebuchte|vorgemerkte|offene)|operazioni non contabilizzate|movimenti non contabilizzati|operations? (en attente|a venir|non comptabilisees?)|(movimientos|operaciones) pendientes|(movimentos|lancamentos) (pendentes|futuros))( (transactions?|items?|umsatze|buchungen|movimenti|operazioni|charges|activity))*$/u;

const BOOKED =
  /^(booked|posted|settled|completed|gebuchte|operazioni contabilizzate|movimenti contabilizzati|operations? comptabilisees?|(movimientos|operaciones) contabilizad[ao]s|(movimentos|lancamentos) realizados)( (transactions?|items?|umsatze|buchungen|movimenti|operazioni|charges|activity))*$/u;

/** Whether a title says that what is below it is booked. */
export function isBookedTitle(text: string): boolean {
  return BOOKED.test(plainHeading(text));
}

/** Whether a title says that what is below it is not booked yet. */
export function isPendingTitle(text: string): boolean {
  return NOT_BOOKED.test(plainHeading(text));
}

/** Whether the bank's status says that money is still to move. */
export function isNotYetSettled(status: string): boolean {
  return NOT_SETTLED.test(plainHeading(status));
}

/** Words of descriptions and types that leave little doubt which way money went. */
const COMES_IN =
  /\b(refunds?|refunded|salary|salaries|payroll|wages?|interest (paid|earned|payment|credit)|deposits?|cash ?back|rebate|dividends?|gutschrift|einzahlung|lohn|gehalt|zahlungseingang|erstattung|rueckerstattung|ruckerstattung|storno|thank you|payment received|received from|transfer received|direct dep|dir dep|remboursement|virement recu|vir recu|vir sepa recu|salaire|virement de|proventos|deposito|reembolso|abono|nomina|stipendio|accredito|bonifico a vostro favore|bonifico da|salaris|loon|terugbetaling|teruggave|wynagrodzenie|przelew przychodzacy|wplata|uznanie|lon|loenoverforsel|lonn|palkka|income|incoming|bank credit|returns?|faster payment received|neft cr|imps cr|top ?up|transfer from|from savings|inward|credit interest|tax credit|paycheck|sold|payout|credit|zwrot|wplata klienta|przychodzac[aey]|doladowanie|prichozi|vratka|jovairas|visszaterites|munkaber|gelen (?:eft|havale|fast|transfer)|maas|iade|para yatirma|incasare|salariu|alimentare|rambursare|uplata|priliv|povrat|gaji|setoran|transfer masuk|pengembalian|recebid[ao]|rendimentos?|transferencia recibida|ontvangen|innborgun)\b/;
const CAME_IN_CYRILLIC =
  /(?<!\p{L})(?:пополнени[еяи]|зачислени[ея]|возврат|зарплата|заработная плата|поступлени[ея]|входящии перевод|поповнення|зарахування|повернення)(?!\p{L})/u;
const WENT_OUT_CYRILLIC =
  /(?<!\p{L})(?:покупк[аи]|оплата|сняти[ея]|комисси[яи]|списани[ея]|исходящии перевод|списання|зняття|комісія|купівля|покупка|супермаркеты?|маркетплейсы|фастфуд|рестораны?|такси|аптеки?)(?!\p{L})/u;
const GOES_OUT =
  /\b(purchase|pos|entgelt|withdrawals?|withdrawl|atm|fees?|direct debit|standing order|lastschrift|kartenzahlung|sepa lastschrift|dauerauftrag|rent|miete|insurance|versicherung|restaurant|coffee|cafe|supermarket|shopping|store|shop|uber|lyft|amazon|amzn|netflix|spotify|grocer(y|ies)|taxi|bill payment|bill pmt|prelevement|prlv|carte|cb|cheque emis|compra|recibo|bolletta|incasso|betaalautomaat|geldautomaat|fuel|gas station|petrol|hotel|airlines?|starbucks|mcdonald s?|subway|tesco|lidl|rewe|edeka|aldi|apple com|steam|mortgage|hypothek|service charge|electric(ity)?|utilities|internet bill|phone bill|gym|pharmacy|apotheke|parking|walmart|target|costco|whole ?foods|wholefds|ikea|zakup|platnosc karta|wyplata|dankort|visa kob|varekop|vipps|retiro|cargo|pago con tarjeta|pagamento|addebito|sales?|payment to|transfer to|transfer sent|card payment to|pizza|burger|bakery|lunch|dinner|food|groceries|kaffee|bar|cinema|books?|debit|check|tickets?|train|bahn|airbnb|zoom|github|slack|dropbox|aws|google|microsoft|adobe|swiggy|zomato|flipkart|vodafone|telekom|o2|comcast|verizon|at t|mobile bill|car wash|market|markt|pub|deli|kiosk|outgoing|wychodzac[aey]|prowizja|oplata|zakupy|transakcja karta|odchozi|vyber|poplatek|platba kartou|nakup|vasarlas|keszpenzfelvetel|giden (?:eft|havale|fast|transfer)|harcama|para cekme|komisyon|masraf|cumparare|plata (?:pos|card|la pos)|comision|retragere|isplata|kupnja|naknada|biaya|tarik tunai|transfer keluar|pembayaran|belanja|pix enviado|transferencia enviada|saque|tarifa)\b/;

/** A card's repayment (还款) comes in on the card and goes out of the account, so it tells nothing. */
const CAME_IN_CHINESE = /給料|給与|返金|還付|급여|환급|退款|退货|结息|存款利息|工资|代发|汇入|转入|返现/u;
const WENT_OUT_CHINESE =
  /[\d一]回払い?|年会費|電気料金|ガス料金|체크카드|消费|支付(?!宝)|取现|转出|购买|缴费|手续费|扣款/u;

/** Paid to the card by who holds it; for the account that pays it is the other way. */
const REPAYS_CARD =
  /还款|\b(auto ?pay|autopay payment|payment received|card payment received|pagamento (de )?cartao|pago (de )?tarjeta|zahlung kreditkarte|paiement carte)\b/u;

/** +1 where money came in for sure, -1 where it went out, 0 where the words don't tell. "Payment" alone tells nothing. */
export function wayOf(text: string, isCard: boolean): -1 | 0 | 1 {
  const plain = plainHeading(text).replace(/\d+/g, " ");
  if (isCard && REPAYS_CARD.test(plain)) return 1;
  const comes = COMES_IN.test(plain) || CAME_IN_CHINESE.test(plain) || CAME_IN_CYRILLIC.test(plain);
  const goes = GOES_OUT.test(plain) || WENT_OUT_CHINESE.test(text) || WENT_OUT_CYRILLIC.test(plain);
  return comes === goes ? 0 : comes ? 1 : -1;
}

const OPENING =
  /\b(opening|previous|starting|beginning|start|initial|last|old) (ledger |account |statement )?balance|\b(balance )?(brought|carried) forward( from)?\b|^b f$|\b(alter|anfangs?|letzter|vorheriger|eroffnungs?) ?(konto)?(saldo|kontostand|stand)|anfangssaldo|anfangsbestand|ancien solde|solde (precedent|initial|anterieur|de depart|au debut)|saldo (anterior|inicial|iniziale|precedente|poczatkowy|vorheriger|vorige|alt|vortrag|ingaende)|vorsaldo|saldovortrag|beginsaldo|vorig saldo|openingssaldo|ingaende saldo|primosaldo|primo saldo|alkusaldo|nyitoegyenleg|nyito egyenleg|pocatecni (zustatek|stav)|期初余额|前期繰越|входящий остаток|balance at start|saldo awal/u;
const CLOSING =
  /\b(closing|new|ending|end|final|current|statement) (ledger |account |statement )?balance|\bbalance carried forward\b|^c f$|\b(neuer|end|schluss|aktueller) ?(konto)?(saldo|kontostand|stand)|endsaldo|schlusssaldo|abschlusssaldo|nouveau solde|solde (final|nouveau|actuel|crediteur au|debiteur au|au|fin)|saldo (final|actual|finale|attuale|koncowy|disponible|neuer|nieuw|nuevo|neu|utgaende)|eindsaldo|nieuw saldo|slutsaldo|utgaende saldo|ultimosaldo|loppusaldo|zaroegyenleg|zaro egyenleg|konecny (zustatek|stav)|期末余额|исходящий остаток|balance at end|saldo akhir/u;
const ANY_BALANCE = /^(available |account )?(balance|saldo|solde|kontostand|zustatek|egyenleg|余额|残高)\b/u;
/** Whether a row is called a balance of one word: "Online-Saldo". A shop may be called so as well, where it has a date. */
export function isBalanceName(text: string): boolean {
  return /^\p{L}+ (balance|saldo|solde|kontostand|zustatek|egyenleg)$/u.test(plainHeading(text));
}

const SUM =
  /^(sub ?totals?|(grand )?totals?|total (of )?(debits?|credits?|charges|payments|withdrawals|deposits|purchases|fees|interest|transactions?|amount|new|for|general|des|mouvements|geral|movimentos|movimientos|cargos|abonos|entrate|uscite).*|summen?|zwischensumme|umsatztotal|gesamt(betrag|summe)?|umsatzsumme|summe (der|aller|soll|haben).*|totaux|totale( (entrate|uscite|addebiti|accrediti|dare|avere|movimenti))?|totaal|suma|razem|celkem|yhteensa|osszesen|sum|(人民币|外币|本页|本期)?(合计|合計|总计|小计)(金额)?|总收入|总支出|итого|minimum payment.*|(credit|overdraft|arranged overdraft) limit.*|amount due.*|page total.*|turnover.*|number of transactions.*|transactions? count.*|statement totals?.*)$/u;

/** What no purchase is called, however the row goes on. */
const SURE_SUM =
  /^(grand )?total (of )?(all )?(debit|credit|withdrawal|deposit)s?( amounts?)?$|^(summe|gesamt) (soll|haben)$|^total (des )?(debits|credits)$/u;

/** Whether a cell names the sum of a way and nothing else: a row of sums, with a date or without. */
export function isSum(cell: string): boolean {
  return SURE_SUM.test(plainHeading(cell));
}

const END =
  /^(opening|starting|start|initial|beginning|anfang|eroffnung|ouverture|apertura|abertura|inicio|inicial|iniziale|begin|closing|ending|end|schluss|cloture|cierre|chiusura)$/u;

/** Whether a text alone, beside a balance, says that the account begins or ends there. */
export function isEnd(text: string): boolean {
  return END.test(plainHeading(text));
}

/** Whether a text names an opening or closing balance and says nothing more. */
export function isBalanceLabel(text: string): boolean {
  const rest = [OPENING, CLOSING].reduce(
    (left, { source }) => left.replace(new RegExp(source, "gu"), " "),
    plainHeading(text),
  );
  return !/\p{L}/u.test(rest);
}

export type SpecialRow = "opening" | "closing" | "balance" | "sum";

/** The words of a label without the day behind them; letters that stand apart, as in "S A L D O", are one word. */
function labelOf(text: string): string {
  const plain = plainHeading(text).replace(/ (?:on|per|am|au|at|al|as of|vom|zum|de|op)?(?: ?\d[\d ]*)$/u, "");
  return /^(?:\p{L} ){3,}\p{L}$/u.test(plain) ? plain.replaceAll(" ", "") : plain;
}

/** Whether a text is the name of a balance and nothing else: "Balance Adjustment" is none. */
export function isBareBalance(text: string): boolean {
  const [named] = ANY_BALANCE.exec(labelOf(text)) ?? [];
  return named !== undefined && named.length === labelOf(text).length;
}

/** What a row without a purchase of its own tells by its words; null for all others. */
export function specialRow(text: string): SpecialRow | null {
  const plain = labelOf(text);
  if (OPENING.test(plain)) return "opening";
  if (CLOSING.test(plain)) return "closing";
  if (ANY_BALANCE.test(plain)) return "balance";
  return SUM.test(plain) ? "sum" : null;
}
