import { Doctor } from "./doctor.js";
import { OperationsFrame } from "./frame.js";
import { Readiness } from "./readiness.js";
import { Repair } from "./repair.js";

/** Whether the server is well, whether the record is, and how statuses are set right. */
export function HealthScreen() {
  return (
    <OperationsFrame title="Health">
      <Readiness />
      <Doctor />
      <Repair />
    </OperationsFrame>
  );
}
