import { isConnectionLoss, isExhausted } from "../../src/database/transaction.js";
import { ServiceBusy } from "../../src/errors.js";

test("what found no connection free was not sent: it is no lost connection, and may go later", () => {
  const busy = new ServiceBusy(
    "No database connection was free within 5000 ms (2 in use, 3 more waiting); try again later.",
  );
  expect([isConnectionLoss(busy), isExhausted(busy)]).toEqual([false, true]);
});
