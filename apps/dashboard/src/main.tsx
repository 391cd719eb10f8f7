import '@fontsource-variable/atkinson-hyperlegible-next/wght.css';
import './style/tokens.css';
import './style/base.css';
import './style/controls.css';
import './style/layout.css';
import './style/cards.css';
import './style/pages.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { ErrorBoundary } from './parts/error-boundary.tsx';
import { loadWords } from './words/words.ts';

const root = document.getElementById('root');
if (root) {
  // Words first: a page that changes its language under the eyes of its reader looks broken.
  // One whose language does not come speaks English.
  void loadWords()
    .catch(() => undefined)
    .then(() =>
      createRoot(root).render(
        <StrictMode>
          <ErrorBoundary>
            <App />
          </ErrorBoundary>
        </StrictMode>,
      ),
    );
}
