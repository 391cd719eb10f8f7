import { Component, type ReactNode } from 'react';
import { useWords } from '../words/words.ts';

/** Keeps a fault of ours from leaving an empty page. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override render(): ReactNode {
    return this.state.broken ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const words = useWords();
  return (
    <main className="whole">
      <div className="empty" role="alert">
        <h1>{words.broken.title}</h1>
        <p>{words.broken.text}</p>
        <button type="button" className="button primary" onClick={() => location.reload()}>
          {words.broken.reload}
        </button>
      </div>
    </main>
  );
}
