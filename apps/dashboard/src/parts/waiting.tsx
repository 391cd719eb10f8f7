import { useEffect, useState } from 'react';
import { useWords } from '../words/words.ts';

const LONG_MS = 8_000;

/** A whole page that is on its way. One that does not come is not waited for in silence. */
export function Waiting() {
  const words = useWords();
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), LONG_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <output className="whole">
      {long ? (
        <Long />
      ) : (
        <>
          <Spinner />
          <span className="unseen">{words.loading}</span>
        </>
      )}
    </output>
  );
}

function Spinner() {
  return <span className="spinner" aria-hidden="true" />;
}

function Long() {
  const words = useWords();
  return (
    <div className="empty">
      <Spinner />
      <p>{words.loadingLong}</p>
      <button type="button" className="button second" data-testid="reload" onClick={() => location.reload()}>
        {words.broken.reload}
      </button>
    </div>
  );
}
