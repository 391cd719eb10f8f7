import type { ReactNode } from 'react';
import type { flavourOf } from '../lab/template.ts';

type Flavour = ReturnType<typeof flavourOf>;

const HILLS = 'M0 82c40-22 70 6 112-8s60-26 100-12 64 4 108-10v70H0z';
const FRONT = 'M0 100c48-14 90 4 138-6s90-22 182-6v32H0z';

/** A small picture of what opens when the template is started. */
export function Cover({ flavour }: { flavour: Flavour }) {
  return (
    <svg viewBox="0 0 320 115" preserveAspectRatio="xMidYMid slice" aria-hidden="true" focusable="false">
      {PICTURES[flavour]}
    </svg>
  );
}

function Window({ x, y, width, height, children }: { x: number; y: number; width: number; height: number; children: ReactNode }) {
  return (
    <g transform={`translate(${x} ${y})`}>
      <rect width={width} height={height} rx="7" fill="var(--paper)" stroke="var(--paper-line)" />
      <path d={`M0 16h${width}`} stroke="var(--paper-line)" />
      <circle cx="10" cy="8" r="2.4" fill="#f0808f" />
      <circle cx="18" cy="8" r="2.4" fill="#eebf5b" />
      <circle cx="26" cy="8" r="2.4" fill="#5fc9a8" />
      {children}
    </g>
  );
}

const line = (x: number, y: number, width: number, fill = 'var(--paper-line)') => (
  <rect key={`${x} ${y}`} x={x} y={y} width={width} height="4" rx="2" fill={fill} />
);

function DesktopPicture() {
  return (
    <>
      <rect width="320" height="115" fill="var(--sky-2)" />
      <circle cx="262" cy="28" r="11" fill="#f6c667" opacity="0.85" />
      <path d={HILLS} fill="var(--sky-1)" />
      <path d={FRONT} fill="var(--hill-1)" opacity="0.75" />
      <Window x={92} y={26} width={118} height={62}>
        {line(10, 24, 52, 'var(--hill-2)')}
        {line(10, 33, 80)}
        {line(10, 42, 66)}
        {line(10, 51, 74)}
      </Window>
      <g transform="translate(126 97)">
        <rect width="68" height="14" rx="7" fill="var(--paper)" opacity="0.9" />
        <rect x="9" y="4" width="7" height="7" rx="2" fill="var(--hill-2)" />
        <rect x="22" y="4" width="7" height="7" rx="2" fill="#5fc9a8" />
        <rect x="35" y="4" width="7" height="7" rx="2" fill="#eebf5b" />
        <rect x="48" y="4" width="7" height="7" rx="2" fill="#f0808f" />
      </g>
    </>
  );
}

function WebPicture() {
  return (
    <>
      <rect width="320" height="115" fill="var(--teal-wash)" />
      <circle cx="48" cy="106" r="46" fill="var(--teal)" opacity="0.1" />
      <circle cx="288" cy="8" r="52" fill="var(--teal)" opacity="0.12" />
      <Window x={66} y={22} width={188} height={110}>
        {line(30, 26, 60, '#5fc9a8')}
        {line(30, 36, 112)}
        {line(30, 45, 90)}
        <path d="M18 24v28" stroke="var(--paper-line)" strokeWidth="2" />
        <g transform="translate(30 58)">
          <path d="M0 30h128M0 30V0" stroke="var(--paper-line)" strokeWidth="1.5" fill="none" />
          <path d="M4 25c14-2 18-16 32-14s18 10 30 4S90 0 122 2" stroke="#2fa18c" strokeWidth="3" fill="none" strokeLinecap="round" />
          <path d="M4 28c20-1 30-6 50-5s40-9 68-8" stroke="var(--hill-1)" strokeWidth="3" fill="none" strokeLinecap="round" />
        </g>
      </Window>
    </>
  );
}

function TerminalPicture() {
  return (
    <>
      <rect width="320" height="115" fill="var(--slate-wash)" />
      <g transform="translate(62 20)">
        <rect width="196" height="110" rx="8" fill="#1b2033" />
        <circle cx="12" cy="10" r="2.6" fill="#f0808f" />
        <circle cx="21" cy="10" r="2.6" fill="#eebf5b" />
        <circle cx="30" cy="10" r="2.6" fill="#5fc9a8" />
        <g fill="none" strokeWidth="2.4" strokeLinecap="round" strokeLinejoin="round">
          <path d="M14 28l6 5-6 5" stroke="#7fe3d0" />
          <path d="M28 33h44" stroke="#cdd5f5" />
          <path d="M78 33h26" stroke="#98a4ff" />
          <path d="M14 50h92M14 61h64" stroke="#58617f" />
          <path d="M14 73l6 5-6 5" stroke="#7fe3d0" />
        </g>
        <rect x="28" y="72" width="7" height="12" rx="1" fill="#cdd5f5" />
      </g>
    </>
  );
}

function MachinePicture() {
  return (
    <>
      <rect width="320" height="115" fill="var(--amber-wash)" />
      <circle cx="276" cy="98" r="60" fill="var(--amber)" opacity="0.1" />
      {[18, 50, 82].map((y) => (
        <g key={y} transform={`translate(84 ${y})`}>
          <rect width="152" height="26" rx="7" fill="var(--paper)" stroke="var(--paper-line)" />
          <circle cx="15" cy="13" r="3.5" fill="#5fc9a8" />
          <circle cx="27" cy="13" r="3.5" fill="#eebf5b" />
          {line(44, 11, 60)}
          {line(112, 11, 26)}
        </g>
      ))}
    </>
  );
}

const PICTURES: Readonly<Record<Flavour, ReactNode>> = {
  desktop: <DesktopPicture />,
  web: <WebPicture />,
  terminal: <TerminalPicture />,
  machine: <MachinePicture />,
};
