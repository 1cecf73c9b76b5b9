/** Words that a receipt's sum stands behind, the surest first; compared without accents. */
export const SUREST =
  /\b(grand total|total (amount )?(paid|due|charged?|refund(ed)?|payable|to pay)|amount (paid|due|charged|refunded|payable)|balance due|refund total|you paid|total ttc|ttc|gesamtbetrag|gesamtsumme|endbetrag|endsumme|rechnungsbetrag|rechnungssumme brutto|zahlbetrag|bruttosumme|bruttobetrag|gesamtpreis|zu zahlen(der betrag)?|zu ?zahlender|net a payer|montant (total|paye|ttc)|total a pagar|importe total|totaal te betalen|te betalen|totale complessivo|totale documento|totale da pagare|total to pay|order total|invoice total|total price|total invoice|total inc\w*|do zaplaty|suma pln|att betala|at betale|a betale|a pagar|valor total|total factura|nett? total|total sales \(?incl\w*|rounded total|total rounded|total after rounding|rounding adjusted|amount in total|somme a payer|montant preleve|fizetendo|vegosszeg|k uhrade|totalpris|total de plata|totaal ?bedrag)\b|合 ?計|合计|应付|請求額|請求金額|お支払|합 *계|총액|결 *제 *(?:대 *상 *)?금 *액|승인금액|받을 ?금액/u;
export const SURE =
  /\b(total|totals|summe|gesamt|totaal|totale|sum|suma|betrag|montant|importe|razem|celkem|yhteensa|osszesen|totalt|ttl|jumlah|brutto|gross)\b/;
export const WEAK =
  /\b(amount|paid|charged|visa|mastercard|amex|card|cash|cb|karte|ec|payment|bar|gegeben|bankomat|debit|credit|bezahlt|pinpay|contactless)\b/;
/** Sums that are not the sum. */
export const NOT_THE_SUM =
  /\b(sub-?\s?total|zwischensumme|sous-total|subtotaal|subtotale|total (ht|tax|taxes|vat|gst|items?|qty|quantity|savings?|saved|discounts?|points?|net|excl\w*|before|units|weight|hors)|(rechnungs)?summe (netto|ohne)|ohne (ust|mwst)|net(to)?(betrag|summe|wert)?|tax(es|able)?|steuer\w*|vat|gst|mwst|ust|tva|iva|btw|moms|pst|hst|tips?|gratuity|change|wechselgeld|ruckgeld|zuruck|monnaie|cash ?back|saved|savings|ersparnis|rabatt|discount|remise|balance (before|forward)|points?|zuschlage?|abschlage?|zuschlaege|abschlaege|surcharge|zuschlag|rounding|rundung|round(ing)? adj\w*|deposit|anzahlung|prepaid|previous|unit price|preis|price each|stuckpreis|einzelpreis|ht|due date|credit limit|invoice no|tendered|exempt|zero.?rated|taxable|excl\w*|exkl\w*|hors (tva|taxes?))\b|小 ?計|小计|税|対象|預|釣|ポイント|과 *세|면 *세|부 *가 *세|소 *계|할인|거스름|단가/;
export const INCLUSIVE = /\b(total|gesamt\w*|summe|amount|betrag|price)\b.*\b(inc\w*|ttc|inkl\w*|with|mit|including)\b/;
export const TENDERED = /\b(cash|tendered|gegeben|bar|paid|especes|contant|contanti|efectivo)\b|預|現金|현금/;
export const CHANGE = /\b(change|wechselgeld|ruckgeld|zuruck|rendu|monnaie|wisselgeld|resto|cambio)\b|釣|거스름/;
export const TIP = /\b(tips?|gratuity|trinkgeld|pourboire|propina|mancia|fooi|service charge)\b/;
export const TAXES = /\b(tax|vat|gst|mwst|ust|umsatzsteuer|steuerbetrag|tva|iva|btw|moms|pst|hst|afa)\b|税|부 *가 *세/;
export const NET =
  /\b(sub-?\s?total|zwischensumme|net(to)?(betrag|summe)?|total ht|ht|excl\w*|ohne ust|ohne mwst|before tax|sous-total|taxable)\b|小 ?計|小计|과 *세/;
