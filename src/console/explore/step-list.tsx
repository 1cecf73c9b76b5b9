import { Icon } from "../parts/icons.js";
import { missingOf, STEPS, type Kept } from "./steps.js";

/** The id of what somebody writes beside the steps. */
export const OWN = "own";

interface StepListProps {
  /** A step's id, or OWN. */
  readonly shown: string;
  readonly kept: Kept;
  readonly onShow: (id: string) => void;
}

/** The steps in their order, and a place for operations of one's own. */
export function StepList({ shown, kept, onShow }: StepListProps) {
  return (
    <nav aria-label="Steps" className="explore-steps">
      <ol>
        {STEPS.map((step, index) => (
          <li key={step.id}>
            <button
              type="button"
              className="explore-step"
              aria-current={step.id === shown ? "step" : undefined}
              onClick={() => onShow(step.id)}
            >
              <span className="explore-number" aria-hidden="true">
                {index + 1}
              </span>
              <span>{step.title}</span>
              {missingOf(step, kept) !== null && (
                <span className="faint explore-later" title="Complete the earlier steps first">
                  <Icon name="clock" size={13} />
                  <span className="for-readers">: complete the earlier steps first</span>
                </span>
              )}
            </button>
          </li>
        ))}
        <li>
          <button
            type="button"
            className="explore-step"
            aria-current={shown === OWN ? "step" : undefined}
            onClick={() => onShow(OWN)}
          >
            <span className="explore-number" aria-hidden="true">
              +
            </span>
            <span>Custom operation</span>
          </button>
        </li>
      </ol>
    </nav>
  );
}
