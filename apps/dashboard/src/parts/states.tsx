import type { ReactNode } from 'react';
import type { Loadable } from '../wire/live.ts';
import type { Problem } from '../wire/problem.ts';
import { useWords } from '../words/words.ts';
import { Icon } from './icon.tsx';
import { problemText } from './problem-text.ts';

/** Something that could not be loaded, and the way to try again. */
export function Failure({ problem, retry, title }: { problem: Problem; retry: () => void; title?: string }) {
  const words = useWords();
  return (
    <div className="notice bad" role="alert">
      <Icon name="warning" />
      <div className="notice-words">
        <strong>{title ?? words.problem.title}</strong>
        <span>{problemText(problem, words)}</span>
      </div>
      <button type="button" className="button second small" onClick={retry}>
        {words.tryAgain}
      </button>
    </div>
  );
}

/** Grey shapes where something will be. */
export function Skeletons({ count, height }: { count: number; height: string }) {
  const words = useWords();
  return (
    <output className="cards">
      <span className="unseen">{words.loading}</span>
      {Array.from({ length: count }, (_, index) => (
        <span key={index} className="skeleton panel" style={{ height }} aria-hidden="true" />
      ))}
    </output>
  );
}

/** Shows what a Loadable holds, or why it does not. */
export function Loaded<T>({ of, children, waiting }: { of: Loadable<T>; children: (value: T) => ReactNode; waiting?: ReactNode }) {
  switch (of.state) {
    case 'loading':
      return waiting ?? <Skeletons count={3} height="9rem" />;
    case 'failed':
      return <Failure problem={of.problem} retry={of.retry} />;
    default:
      return children(of.value);
  }
}

/** An empty place, with what to do about it. */
export function Empty({ title, children, act }: { title: string; children: ReactNode; act?: ReactNode }) {
  return (
    <div className="empty">
      <EmptyDrawing />
      <h2>{title}</h2>
      <p>{children}</p>
      {act}
    </div>
  );
}

function EmptyDrawing() {
  return (
    <svg className="drawing" viewBox="0 0 180 110" aria-hidden="true" focusable="false">
      <rect x="34" y="10" width="112" height="72" rx="9" fill="var(--card)" stroke="var(--line-strong)" strokeWidth="2" />
      <path d="M35 64c18-12 30-4 46-10s26-14 64-4v22a9 9 0 0 1-9 9H44a9 9 0 0 1-9-9z" fill="var(--accent-wash)" />
      <circle cx="122" cy="30" r="7" fill="var(--amber-wash)" stroke="var(--amber)" strokeWidth="1.5" />
      <path d="M78 100h24M90 82v18" stroke="var(--line-strong)" strokeWidth="2" strokeLinecap="round" />
      <path d="M66 44l-2-13 6 4 6-8 6 8 6-4-2 13z" fill="var(--accent)" />
      <rect x="66" y="47" width="20" height="3" rx="1.5" fill="var(--teal)" />
    </svg>
  );
}
