/**
 * Headings of banks of languages that are written in other letters or were met later, as `plainHeading` has them: in lower
 * case, without accents. Added to the lists of `headings`.
 */
export const FOREIGN = {
  date: "月日|利用年月日|取引年月日|거래일(?:시|자)?|일자|날짜|이용일(?:자|시)?|승인일(?:자|시)?|วันที่.*|วัน เดือน ปี|ngay|ngay (?:giao dich|gd|hach toan|hieu luc)|tarihi|tarikh|tgl|islem tarihi|datuma|datums|datum (?:provedeni|transakcije|knjizenja|placanja|valute|izvrsenja|plneni)|data (?:operatiunii|tranzactiei|inregistrarii|operacji)|dagsetning|dags|ημερομηνια.*|التاريخ|تاريخ.*|تاریخ.*|দিন|तारीख|दिनांक",
  description:
    "beschreibung|bezeichnung|buchungsinformation|入出金内容|備考|メモ|利用箇所|ご利用箇所|利用場所|利用店舗|お取り扱い内容|적요|내용|거래내용|기재내용|가맹점(?:명)?|이용처|이용하신곳|รายการ|รายละเอียด|คำอธิบาย|noi dung(?: giao dich)?|dien giai|mo ta|butiran|detalii|descriere|explicatii|leiras|megjegyzes|poznamka|zprava pro prijemce|svrha(?: placanja| doznake)?|opis placanja|namen|paskirtis|maksajuma merkis|selgitus|skyring|texti|περιγραφη.*|αιτιολογια|الوصف|البيان|التفاصيل|شرح|توضیحات|основание|призначення|說明|備註|movimentacao",
  debit:
    "支払い金額|お支払金額|引出金額|引出額|お引き出し|支出金額|提款|출금(?:액|금액)?|찾으신금액|지급(?:액|금액)|ถอน.*|เงินออก|จำนวนเงินถอน|เดบิต|ghi no|so tien ghi no|tien ra|rut ra|phat sinh no|isplat[ae]|duguje|zaduzenje|odliv|na teret|terecenje|breme|v breme|uttekt|χρεωση.*|مدين|المدين|خصم|سحب|بدهکار|برداشت|дебит|cikan|cikan tutar|kimenet",
  credit:
    "預かり金額|お預り金額|お預かり金額|お預入|預入金額|預入額|払戻額|存入金額|입금(?:액|금액)?|맡기신금액|ฝาก.*|เงินเข้า|จำนวนเงินฝาก|เครดิต|ghi co|so tien ghi co|tien vao|phat sinh co|uplat[ae]|potrazuje|odobrenje|priliv|u korist|dobro|v dobro|innborgun|πιστωση.*|دائن|الدائن|إيداع|ايداع|بستانکار|واریز|kredit|giren|giren tutar",
  amount:
    "利用額|ご利用額|거래금액|이용금액|승인금액|금액|จำนวนเงิน|so tien|amaun|znesek|objem|ciastka|castka v mene uctu|iznos transakcije|montante|upphaed|fjarhaed|ποσο.*|المبلغ|مبلغ|islem tutari|राशि",
  balance:
    "残額|餘額|結餘|お取引後残高|잔액|거래후잔액|ยอดคงเหลือ|ยอดเงินคงเหลือ|คงเหลือ|so du(?: sau .*)?|baki|stanje|raspolozivo stanje|likutis|atlikums|stada|υπολοιπο.*|الرصيد|مانده|салдо|saldo po operacji|शेष",
  type: "種別|区分|取引区分|利用区分|入出金区分|구분|거래구분|거래종류|ช่องทาง|loai giao dich|tip tranzactie|vrsta|vrsta transakcije|típus",
  currency: "통화|สกุลเงิน|loai tien|valiuta|valuuta|gjaldmidill|νομισμα|العملة|ارز|币别|幣別",
  merchant: "nazev protiuctu|saaja maksja|gavejas|moketojas|nume|платник|получатель|отправитель|받는분|보낸분",
  status: "상태|거래상태|สถานะ|trang thai|durum|allapot|stare|الحالة|وضعیت|ステータス|状況",
  fee: "수수료|ค่าธรรมเนียม|phi|komisyon|masraf|poplatek|naknada|provizija|οι προμηθεια|عمولة|الرسوم|комісія|сума комісіи.*",
} as const;

/**
 * What a card's bill asks for besides what was paid: the part that falls due this month, what is carried over, and sums in
 * brackets of their own.
 */
export const DUE = /請求額|請求金額|弁済金|支払総額|当月支払|今回支払|繰越|調整額|お支払日/u;

/** One column for both ways, whose name has the words of both. */
export const BOTH_WAYS =
  /^入出金(?:額|金額)?(?: [円元])?$|^(?:入金 利用額|出入金額|収支金額|收支金额|发生额|受払金額)(?: [円元])?$|^입출금(?:액|금액)?$/u;

/** Headings of what was spent: a plus in them went out. */
const SPENT =
  /(?:^|ご)利用(?:額|金額)|이용금액|승인금액|^(?:amount )?(?:spent|charged)$|^(?:charge|purchase|spend|spending|expense) amount$|^(?:amount|total) (?:spent|charged)$/u;

/** Whether a heading says that its amounts were spent. `plain` is as `plainHeading` has it. */
export function namesSpending(plain: string): boolean {
  return SPENT.test(plain);
}
