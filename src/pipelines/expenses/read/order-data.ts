import type { Item } from "./formats/items.js";
import { currencyOf, findAmounts, readAmount, toMinor } from "../money.js";
import type { Missing, Receipt } from "../shapes.js";

/** What a mail says of one order, booking or invoice in data beside its text; null where it does not say it. */
export interface OrderData {
  readonly seller: string | null;
  readonly customer: string | null;
  readonly number: string | null;
  /** ISO. */
  readonly date: string | null;
  readonly amountMinor: number | null;
  readonly currency: string | null;
}

const ORDERS = /^(Order|Invoice|\w*Reservation)$/;
const UNDONE = /(Cancelled|Returned|Problem)$/;

/** The order that a page's data describes; null where it describes none, several, or one that was undone. */
export function orderIn(items: readonly Item[]): OrderData | null {
  const orders = items.filter(({ types }) => types.some((type) => ORDERS.test(type)));
  const isUndone = orders.some((order) =>
    ["orderStatus", "reservationStatus", "paymentStatus"].some((key) => UNDONE.test(textAt(order, key) ?? "")),
  );
  const [first, ...others] = orders.map(dataOf).filter((one) => one.amountMinor !== null || one.number !== null);
  const isOne = others.every(
    ({ number, amountMinor }) => number === first!.number && amountMinor === first!.amountMinor,
  );
  return first && isOne && !isUndone ? first : null;
}

function dataOf(order: Item): OrderData {
  const due = itemAt(order, "totalPaymentDue") ?? itemAt(order, "priceSpecification");
  const price =
    textAt(order, "totalPrice") ?? textAt(order, "price") ?? textAt(order, "totalPaymentDue") ?? (due && priceOf(due));
  const written = price === null ? null : readAmount(price);
  const named =
    textAt(order, "priceCurrency") ?? (due && (textAt(due, "priceCurrency") ?? textAt(due, "currency"))) ?? undefined;
  const currency = currencyOf(named) ?? written?.currency ?? null;
  const day = /^\d{4}-\d\d-\d\d/.exec(
    textAt(order, "orderDate") ?? textAt(order, "bookingTime") ?? textAt(order, "bookingDate") ?? "",
  );
  const flight = itemAt(order, "reservationFor");
  return {
    seller:
      nameAt(order, "merchant") ??
      nameAt(order, "seller") ??
      nameAt(order, "provider") ??
      nameAt(order, "broker") ??
      (flight && (nameAt(flight, "airline") ?? nameAt(flight, "provider"))),
    customer: nameAt(order, "underName") ?? nameAt(order, "customer"),
    number:
      textAt(order, "orderNumber") ??
      textAt(order, "reservationNumber") ??
      textAt(order, "confirmationNumber") ??
      textAt(order, "reservationId"),
    date: day?.[0] ?? null,
    amountMinor: written && !written.negative ? toMinor(written, currency, ".") : null,
    currency,
  };
}

function priceOf(due: Item): string | null {
  return textAt(due, "price") ?? textAt(due, "value");
}

function textAt({ values }: Item, key: string): string | null {
  const found = values.get(key)?.find((one) => typeof one === "string");
  return typeof found === "string" && found.trim() !== "" ? found.trim() : null;
}

function itemAt({ values }: Item, key: string): Item | null {
  const found = values.get(key)?.find((one) => typeof one === "object");
  return typeof found === "object" ? found : null;
}

function nameAt(item: Item, key: string): string | null {
  const inside = itemAt(item, key);
  return inside ? textAt(inside, "name") : textAt(item, key);
}

/**
 * The receipt with what the mail's data says of it. People see the page: where it shows another sum than the data, both are
 * doubted. What was paid back is no order's sum.
 */
export function withOrder(receipt: Receipt, order: OrderData, text: string): Receipt {
  const isRefund = (receipt.amountMinor ?? 0) < 0;
  const ordered = isRefund ? null : order.amountMinor;
  const isSure = receipt.amountMinor !== null && !receipt.flags.includes("TOTAL_UNCERTAIN");
  const amountMinor = ordered ?? receipt.amountMinor;
  const isOfReceipt = isRefund && receipt.currency !== null;
  const currency = isOfReceipt ? receipt.currency : (order.currency ?? receipt.currency);
  const known: Partial<Record<Missing, unknown>> = {
    merchant: order.seller ?? receipt.merchant,
    date: order.date ?? receipt.date,
    amount: amountMinor,
    currency,
  };
  const shown = isSure
    ? [Math.abs(receipt.amountMinor!)]
    : findAmounts(text).flatMap(({ amount }) => toMinor(amount, currency, null) ?? []);
  const isShown = ordered === null || shown.includes(ordered);
  const said: readonly string[] = [
    ...(ordered === null ? [] : ["TOTAL_UNCERTAIN"]),
    ...(order.currency === null || isOfReceipt ? [] : ["CURRENCY_ASSUMED"]),
  ];
  const { otherDate, ...rest } = receipt;
  return {
    ...rest,
    ...(order.date === null && otherDate ? { otherDate } : {}),
    merchant: order.seller ?? receipt.merchant,
    date: order.date ?? receipt.date,
    amountMinor,
    currency,
    employee: receipt.employee ?? order.customer,
    ...((order.number ?? receipt.reference) ? { reference: order.number ?? receipt.reference! } : {}),
    source: ordered === null ? (receipt.source ?? "text") : "order data",
    incomplete: receipt.incomplete.filter((what) => (known[what] ?? null) === null),
    flags: [
      ...receipt.flags.filter((flag) => !said.includes(flag)),
      ...(isShown ? [] : ["INVOICE_DISAGREES" as const]),
    ],
  };
}
