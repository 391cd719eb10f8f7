import { Component, type ReactNode, useEffect } from 'react';
import { PartMissing } from '../wire/fetch-part.ts';
import { useWords } from '../words/words.ts';

interface State {
  readonly error: unknown;
}

/** Keeps a fault of ours, or code that could not be fetched, from leaving an empty page. */
export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: undefined };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error ?? new Error('thrown nothing') };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return <Broken missing={error instanceof PartMissing} />;
  }
}

function Broken({ missing }: { missing: boolean }) {
  const words = useWords();
  const said = missing ? words.missing : words.broken;
  useEffect(() => {
    if (!missing) return undefined;
    // What was missing for want of a line comes with it.
    const again = () => location.reload();
    window.addEventListener('online', again);
    return () => window.removeEventListener('online', again);
  }, [missing]);
  return (
    <main className="whole">
      <div className="empty" role="alert">
        <h1>{said.title}</h1>
        <p>{said.text}</p>
        <button type="button" className="button primary" data-testid="reload" onClick={() => location.reload()}>
          {words.broken.reload}
        </button>
      </div>
    </main>
  );
}
