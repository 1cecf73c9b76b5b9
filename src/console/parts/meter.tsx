interface MeterProps {
  readonly value: number;
  readonly most: number;
  /** What stands beside it and is told to screen readers. */
  readonly label: string;
  readonly tone?: "busy" | "quiet" | "bad";
}

/** How much of something is taken. */
export function Meter({ value, most, label, tone = "busy" }: MeterProps) {
  const share = most <= 0 ? 0 : Math.min(1, value / most);
  return (
    <span className="meter">
      <span className="bar" aria-hidden="true">
        {share > 0 && <span className={`bar-part fill-${tone}`} style={{ width: `${share * 100}%` }} />}
      </span>
      <span className="numbers">{label}</span>
    </span>
  );
}
