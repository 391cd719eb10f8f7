import { type ReactNode, useEffect, useId, useRef } from 'react';
import { useWords } from '../words/words.ts';

/** A modal dialog: the browser's own, so that focus stays inside and Escape closes it. It is open while it is there. */
export function Dialog({ title, children, onClose }: { title: string; children: ReactNode; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className="dialog-body">
        <h2 id={id}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}

interface ConfirmProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly yes: string;
  readonly onYes: () => void;
  readonly onClose: () => void;
  readonly testId?: string;
}

/** Asks before something is lost. The safe answer has the focus. */
export function Confirm({ title, children, yes, onYes, onClose, testId = 'confirm' }: ConfirmProps) {
  const words = useWords();
  const act = () => {
    onClose();
    onYes();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="soft">{children}</div>
      <div className="dialog-ends">
        <button type="button" className="button second" onClick={onClose}>
          {words.cancel}
        </button>
        <button type="button" className="button danger" onClick={act} data-testid={testId}>
          {yes}
        </button>
      </div>
    </Dialog>
  );
}
