import { plainWords } from "./names.js";
import type { StatementLine } from "./shapes.js";

export const UNCATEGORISED = "Uncategorised";
const PAYMENTS = /\bpayment\b.*\b(thank you|received|web|online)\b|\bthank you\b|\bautopay\b/;
/** Words of merchants that leave little doubt; the job's own categories come first. */
const WORDS: readonly (readonly [string, RegExp])[] = [
  [
    "Travel",
    /\b(air(lines?|ways|france)?|airport|lufthansa|ryanair|easyjet|delta|united|qantas|sas|uber|lyft|taxi|cab(charge)?|rail(way)?|train(line)?|eurostar|lner|sbb|sncf|db vertrieb|bahn|tfl|metro|ruter|parking|hertz|avis|sixt|shell|aral|esso|bp|chevron|fuel|petrol)\b/,
  ],
  ["Lodging", /\b(hotels?|inn|hilton|marriott|ibis|hyatt|airbnb|booking com|hostel|suites|resort|bed breakfast)\b/],
  [
    "Meals",
    /\b(restaurant|caf[eé]|coffee|starbucks|costa|pret|bistro|bar|grill|pizza|tacos?|sushi|kitchen|bakery|deli|burger|gasthof|gasthaus|brasserie|kettle|market|grocer(y|ies)|kiwi|coop|tesco|rewe)\b/,
  ],
  [
    "Office",
    /\b(stationers?|staples|office|officeworks|paper|print(ing)?|rymans?|waterstones|books?|clas ohlson|ikea)\b/,
  ],
  ["Software", /\b(software|cloud|aws|google|microsoft|adobe|github|slack|zoom|hosting|saas|subscription)\b/],
];

/** The statement's own category, else one by the merchant's words. */
export function categoryOf(
  { category, description, amountMinor }: StatementLine,
  own: Readonly<Record<string, readonly string[]>>,
): string {
  if (category) return category;
  const words = plainWords(description);
  for (const [name, needles] of Object.entries(own)) {
    if (needles.some((needle) => ` ${words} `.includes(` ${plainWords(needle)} `))) return name;
  }
  if ((amountMinor ?? 0) < 0 && PAYMENTS.test(words)) return "Payments";
  return WORDS.find(([, pattern]) => pattern.test(words))?.[0] ?? UNCATEGORISED;
}
