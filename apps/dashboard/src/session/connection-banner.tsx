import { useApp } from '../context.tsx';
import { useNow } from '../parts/now.ts';
import { useLive } from '../wire/live.ts';
import { useWords } from '../words/words.ts';

/** A blink of the network is not worth a word. */
const PATIENCE_MS = 1_500;

/** Says that what is on the screen may be old, while the connection is lost. */
export function ConnectionBanner() {
  const { socket } = useApp();
  const words = useWords();
  const connection = useLive(socket.connection);
  const now = useNow(connection.state === 'offline');
  const lost = connection.state === 'offline' && now - connection.since > PATIENCE_MS;
  return (
    <div aria-live="polite" data-testid="connection" data-state={connection.state}>
      {lost && (
        <div className="banner">
          <span className="spinner" aria-hidden="true" />
          {words.connection.lost}
        </div>
      )}
    </div>
  );
}
