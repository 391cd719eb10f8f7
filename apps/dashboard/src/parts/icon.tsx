/** Line drawings of 24 by 24, ours. */
const SHAPES = {
  desktop: 'M3.5 4.5h17v11.5h-17zM9 20h6M12 16v4',
  web: 'M3.5 5h17v14h-17zM3.5 9h17M6.4 7h.01M9 7h.01M7 13h4M7 16h7M15.5 12.5l2.5 2',
  terminal: 'M3.5 5h17v14h-17zM7 9.5l3 2.5-3 2.5M12.5 15H17',
  machine: 'M4 4h16v6.5H4zM4 13.5h16V20H4zM7.5 7.3h.01M7.5 16.8h.01M11 7.3h5M11 16.8h5',
  play: 'M8 5.5v13l10.5-6.5z',
  stop: 'M6.5 6.5h11v11h-11z',
  trash: 'M4.5 7h15M9.5 7V4.5h5V7M6.5 7l.8 12.5h9.4L17.5 7M10.2 10.5v5.5M13.8 10.5v5.5',
  pencil: 'M4.5 19.5l1-4L16 5l3 3L8.5 18.5zM14 7l3 3',
  more: 'M5.5 12h.01M12 12h.01M18.5 12h.01',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  cross: 'M6 6l12 12M18 6L6 18',
  warning: 'M12 4l9 15.5H3zM12 10v4.5M12 17h.01',
  info: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 11v5.5M12 7.8h.01',
  cpu: 'M7 7h10v10H7zM10 3.5V7M14 3.5V7M10 17v3.5M14 17v3.5M3.5 10H7M3.5 14H7M17 10h3.5M17 14h3.5',
  memory: 'M3.5 8h17v8.5h-17zM7 11v2.5M10.3 11v2.5M13.7 11v2.5M17 11v2.5M6 16.5v2M10 16.5v2M14 16.5v2M18 16.5v2',
  disk: 'M12 4c4.4 0 7.5 1.2 7.5 3s-3.1 3-7.5 3-7.5-1.2-7.5-3 3.1-3 7.5-3zM4.5 7v10c0 1.8 3.1 3 7.5 3s7.5-1.2 7.5-3V7M4.5 12c0 1.8 3.1 3 7.5 3s7.5-1.2 7.5-3',
  home: 'M4 11.5L12 4.5l8 7M6 10v9.5h12V10M10 19.5V14h4v5.5',
  people:
    'M9 11.2a3.4 3.4 0 1 0 0-6.8 3.4 3.4 0 0 0 0 6.8zM2.8 19.5c.5-3.6 3-5.4 6.2-5.4s5.7 1.8 6.2 5.4M16 4.8a3.2 3.2 0 0 1 0 6.1M17.5 14.5c2.1.6 3.4 2.3 3.7 5',
  teach: 'M3 9l9-4.5L21 9l-9 4.5zM6.5 11v4.8c1.5 1.4 3.3 2.2 5.5 2.2s4-.8 5.5-2.2V11M21 9v5.5',
  boxes: 'M4 4.5h7v7H4zM13 4.5h7v7h-7zM4 13.5h7v6H4zM13 13.5h7v6h-7z',
  person: 'M12 11.5a3.8 3.8 0 1 0 0-7.6 3.8 3.8 0 0 0 0 7.6zM4.5 20c.6-4 3.6-6 7.5-6s6.9 2 7.5 6',
  key: 'M8.5 19a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM11.3 12.2L19.5 4M16 7.5l2.8 2.8M13.5 10l1.8 1.8',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4',
  moon: 'M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z',
  auto: 'M12 3.5a8.5 8.5 0 1 0 0 17zM12 3.5a8.5 8.5 0 0 1 0 17',
  help: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM9.7 9.6c.2-1.4 1.2-2.2 2.4-2.2 1.4 0 2.4.9 2.4 2.1 0 1.9-2.5 2-2.5 4M12 16.5h.01',
  leave: 'M14 8V5H5v14h9v-3M10 12h10.5M17.5 9l3 3-3 3',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20 20',
  back: 'M19 12H5M10.5 6.5L5 12l5.5 5.5',
  expand: 'M4.5 9V4.5H9M15 4.5h4.5V9M19.5 15v4.5H15M9 19.5H4.5V15',
  shrink: 'M9 4.5V9H4.5M19.5 9H15V4.5M15 19.5V15h4.5M4.5 15H9v4.5',
  clipboard: 'M9 4.5h6v3H9zM9 6H5.5v14h13V6H15M8.5 12h7M8.5 15.5h5',
  keyboard: 'M3 6.5h18v11H3zM6.5 10h.01M10 10h.01M13.5 10h.01M17 10h.01M7.5 14h9',
  sliders: 'M4 7.5h9M17 7.5h3M4 16.5h3M11 16.5h9M15 5.2v4.6M9 14.2v4.6',
  power: 'M12 3.5v8M7.2 6.5a7.2 7.2 0 1 0 9.6 0',
  plug: 'M8 3.5v4.5M16 3.5v4.5M6 8h12v3.5c0 3-2.5 5-6 5s-6-2-6-5zM12 16.5v4',
  eye: 'M2.8 12c2.2-4.2 5.3-6.3 9.2-6.3s7 2.1 9.2 6.3c-2.2 4.2-5.3 6.3-9.2 6.3S5 16.2 2.8 12zM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z',
  link: 'M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 1 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 1 0 11 18.7l1-1',
  language:
    'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM3.5 12h17M12 3.5c2.5 2.6 3.6 5.4 3.6 8.5s-1.1 5.9-3.6 8.5c-2.5-2.6-3.6-5.4-3.6-8.5S9.5 6.1 12 3.5z',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  clock: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2',
  save: 'M12 4v10M8 10.5l4 4 4-4M5 19.5h14',
  down: 'M6 9.5l6 6 6-6',
} as const;

/** The name of a drawing. */
export type IconName = keyof typeof SHAPES;

/** A drawing beside words; it says nothing to a screen reader. */
export function Icon({ name }: { name: IconName }) {
  const solid = name === 'more';
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false" style={solid ? { strokeWidth: 3 } : undefined}>
      <path d={SHAPES[name]} fill={name === 'play' || name === 'stop' ? 'currentColor' : undefined} />
    </svg>
  );
}

/** The mark of the product: a crown over a flask's line. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8.5" fill="#4050d6" />
      <path d="M8 20.5 6.9 11l4.9 3.6L16 8l4.2 6.6L25.1 11 24 20.5Z" fill="#fff" />
      <rect x="8" y="22.4" width="16" height="2.2" rx="1.1" fill="#7fe3d0" />
    </svg>
  );
}
