import { useEffect } from 'react';
import { Cell, useLive } from '../wire/live.ts';
import { problemOf } from '../wire/problem.ts';
import { useWords, wordsNow } from '../words/words.ts';
import { Icon, type IconName } from './icon.tsx';
import { denialText } from './problem-text.ts';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly icon: IconName;
  readonly act?: { readonly label: string; readonly run: () => void } | undefined;
  /** Read out alone: who sees the page sees it there already. */
  readonly unseen?: boolean | undefined;
}

const SHOWN_MS = 7_000;
const toasts = new Cell<readonly Toast[]>([]);
let last = 0;

/** Says something in passing. At most three are on the screen. */
export function say(text: string, more: { icon?: IconName; act?: Toast['act']; unseen?: boolean } = {}): void {
  last += 1;
  toasts.set([...toasts.get().slice(-2), { id: last, text, icon: more.icon ?? 'info', act: more.act, unseen: more.unseen }]);
}

/** Takes back everything that was said: what comes now has the reader's whole screen. */
export function hush(): void {
  toasts.set([]);
}

function dismiss(id: number): void {
  toasts.set(toasts.get().filter((toast) => toast.id !== id));
}

/** Does something that can fail, and says so if it does. Resolves to whether it worked. */
export async function attempt(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    const problem = problemOf(error);
    say(wordsNow().instance.failedTo(denialText(problem, wordsNow()) ?? problem.message), { icon: 'warning' });
    return false;
  }
}

/** Where toasts appear; read out politely. */
export function Toasts() {
  const shown = useLive(toasts);
  return (
    <div className="toasts" aria-live="polite">
      {shown.map((toast) => (
        <ToastView key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function ToastView({ toast }: { toast: Toast }) {
  const words = useWords();
  const { id, act } = toast;
  useEffect(() => {
    const timer = setTimeout(() => dismiss(id), act ? SHOWN_MS * 1.5 : SHOWN_MS);
    return () => clearTimeout(timer);
  }, [id, act]);
  if (toast.unseen) return <span className="unseen">{toast.text}</span>;
  return (
    <div className="toast">
      <Icon name={toast.icon} />
      <span>{toast.text}</span>
      {act && (
        <button
          type="button"
          className="toast-act"
          onClick={() => {
            dismiss(id);
            act.run();
          }}
        >
          {act.label}
        </button>
      )}
      <button type="button" className="toast-act" onClick={() => dismiss(id)} aria-label={words.close}>
        <Icon name="cross" />
      </button>
    </div>
  );
}
