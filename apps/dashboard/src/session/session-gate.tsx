import { type ReactNode, useEffect, useState } from 'react';
import { Dialog } from '../parts/dialog.tsx';
import { Mark } from '../parts/icon.tsx';
import { useLive } from '../wire/live.ts';
import { useWords } from '../words/words.ts';
import { type Me, type Session, signInAddress } from './session.ts';

/** Lets signed-in people in, sends the others to the sign-in page, and says when a session has ended. */
export function SessionGate({ session, children }: { session: Session; children: (me: Me) => ReactNode }) {
  const state = useLive(session.live);
  switch (state.state) {
    case 'asking':
      return <Blank />;
    case 'out':
      return <SignIn />;
    case 'unreachable':
      return <Unreachable session={session} />;
    case 'in':
      return children(state.me);
    default:
      return (
        <>
          {children(state.me)}
          <Expired />
        </>
      );
  }
}

function Blank() {
  const words = useWords();
  return (
    <output className="whole">
      <span className="unseen">{words.loading}</span>
    </output>
  );
}

function SignIn() {
  const words = useWords();
  useEffect(() => location.replace(signInAddress()), []);
  return (
    <main className="whole" aria-live="polite">
      <p className="soft">{words.session.redirecting}</p>
    </main>
  );
}

function Unreachable({ session }: { session: Session }) {
  const words = useWords();
  return (
    <main className="whole">
      <div className="empty">
        <span className="brand">
          <Mark />
        </span>
        <h1>{words.session.unreachable}</h1>
        <p>{words.session.unreachableText}</p>
        <button type="button" className="button primary" onClick={() => void session.check()}>
          {words.tryAgain}
        </button>
      </div>
    </main>
  );
}

function Expired() {
  const words = useWords();
  const [hidden, setHidden] = useState(false);
  if (hidden) return null;
  return (
    <Dialog title={words.session.title} onClose={() => setHidden(true)}>
      <p className="soft">{words.session.text}</p>
      <div className="dialog-ends">
        <button type="button" className="button second" onClick={() => setHidden(true)}>
          {words.session.stay}
        </button>
        <a className="button primary" href={signInAddress()} data-testid="sign-in-again">
          {words.session.signIn}
        </a>
      </div>
    </Dialog>
  );
}
