import type { ReactNode, SVGProps } from "react";

const PATHS = {
  mark: <path d="M3 6h10M3 12h18M3 18h14" />,
  check: <path d="M5 12.5l4.5 4.5L19 7.5" />,
  cross: <path d="M6.5 6.5l11 11M17.5 6.5l-11 11" />,
  clock: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M12 7.5V12l3 2" />
    </>
  ),
  turning: <path d="M20 12a8 8 0 1 1-4-6.9M20 4v5h-5" />,
  barred: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M6 18L18 6" />
    </>
  ),
  warning: <path d="M12 4l9 16H3zM12 10v4.5M12 17v.5" />,
  skip: <path d="M5 6l8 6-8 6zM18 6v12" />,
  pause: <path d="M8 5v14M16 5v14" />,
  play: <path d="M7 5l12 7-12 7z" />,
  retry: <path d="M4 12a8 8 0 1 0 3-6.2M4 4v5h5" />,
  stop: <rect x="6" y="6" width="12" height="12" rx="1.5" />,
  search: <path d="M15.5 15.5L20 20M17 11a6 6 0 1 1-12 0 6 6 0 0 1 12 0z" />,
  down: <path d="M6 9l6 6 6-6" />,
  right: <path d="M9 6l6 6-6 6" />,
  left: <path d="M15 6l-6 6 6 6" />,
  download: <path d="M12 4v11M7 11l5 5 5-5M5 20h14" />,
  sun: (
    <>
      <circle cx="12" cy="12" r="4" />
      <path d="M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4" />
    </>
  ),
  moon: <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z" />,
  server: <path d="M4 5h16v6H4zM4 13h16v6H4zM7.5 8h.5M7.5 16h.5" />,
  bug: <path d="M12 4l8 4.5v7L12 20l-8-4.5v-7zM12 9v4M12 15.5v.5" />,
  columns: <path d="M4 5h16v14H4zM10 5v14M15 5v14" />,
  bookmark: <path d="M6.5 4h11v16L12 16l-5.5 4z" />,
  copy: <path d="M9 9h11v11H9zM15 9V4H4v11h5" />,
  plus: <path d="M12 5v14M5 12h14" />,
  upload: <path d="M12 16V5M7 9l5-5 5 5M5 20h14" />,
  folder: <path d="M3 6h6l2 3h10v10H3z" />,
  pen: <path d="M4 20l1-5L16 4l4 4L9 19zM13.5 6.5l4 4" />,
  bin: <path d="M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10 11v5M14 11v5" />,
  help: <path d="M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.5v.5M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z" />,
  key: <path d="M14.5 9.5a4 4 0 1 0-4 4l1.5-1.5h2v-2h2l3.5-3.5V4h-2.5l-4 4zM8.5 11.5v.5" />,
  bell: <path d="M6 17h12l-1.5-2.5V11a4.5 4.5 0 0 0-9 0v3.5zM10.5 20h3" />,
  out: <path d="M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof PATHS;

interface IconProps extends SVGProps<SVGSVGElement> {
  readonly name: IconName;
  readonly size?: number;
}

/** Only for the eye: what it stands beside says the same in words. */
export function Icon({ name, size = 16, ...rest }: IconProps) {
  return (
    <svg
      viewBox="0 0 24 24"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      {...rest}
    >
      {PATHS[name]}
    </svg>
  );
}
