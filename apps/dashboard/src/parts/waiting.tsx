import { useWords } from '../words/words.ts';

/** A whole page that is on its way. */
export function Waiting() {
  const words = useWords();
  return (
    <output className="whole">
      <span className="spinner" aria-hidden="true" />
      <span className="unseen">{words.loading}</span>
    </output>
  );
}
