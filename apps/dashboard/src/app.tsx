import { type ReactNode, useMemo } from 'react';
import { AppContext } from './context.tsx';
import { Lab } from './lab/lab.ts';
import { AccountPage } from './pages/account.tsx';
import { HomePage } from './pages/home.tsx';
import { NotFoundPage } from './pages/not-found.tsx';
import { StartPage } from './pages/start.tsx';
import { desktopPage, terminalPage } from './parts/environment-pages.ts';
import { Head } from './parts/head.tsx';
import { Help, useShortcuts } from './parts/help.tsx';
import { latePage } from './parts/late-page.tsx';
import { Toasts } from './parts/toast.tsx';
import { matchPath, usePath } from './router.tsx';
import { ConnectionBanner } from './session/connection-banner.tsx';
import { type Me, Session } from './session/session.ts';
import { SessionGate } from './session/session-gate.tsx';
import { graphRequest } from './wire/graph-request.ts';
import { GraphSocket } from './wire/graph-socket.ts';
import { useWords } from './words/words.ts';

const { Page: DesktopPage } = desktopPage;
const { Page: TerminalPage } = terminalPage;
const { Page: TeachingPage } = latePage(async () => (await import('./pages/teaching.tsx')).TeachingPage);
const { Page: PeoplePage } = latePage(async () => (await import('./pages/people.tsx')).PeoplePage);
const { Page: WorkspacesPage } = latePage(async () => (await import('./pages/workspaces.tsx')).WorkspacesPage);

const session = new Session();
void session.check();
// The session may have ended, or begun, in another tab.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') void session.check();
});

/** The whole page. */
export function App() {
  return <SessionGate session={session}>{(me) => <SignedIn me={me} />}</SessionGate>;
}

function SignedIn({ me }: { me: Me }) {
  const { name } = me;
  const parts = useMemo(() => {
    const refused = () => void session.check();
    const socket = new GraphSocket(`${location.origin.replace(/^http/, 'ws')}/graph/subscription`, refused);
    return { socket, lab: new Lab(socket, graphRequest('/graph', refused)) };
    // A renewed sign-in of the same person keeps what is on the screen.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [name]);
  const context = useMemo(() => ({ ...parts, me, session }), [parts, me]);
  return (
    <AppContext value={context}>
      <Pages />
      <Toasts />
      <Help />
    </AppContext>
  );
}

/** Pages that fill the window. */
const FULL: readonly (readonly [string, (found: Record<string, string>) => ReactNode])[] = [
  ['/desktop/:namespace/:instance/:environment', (at) => <DesktopPage key={Object.values(at).join('/')} at={placeOf(at)} />],
  ['/terminal/:namespace/:instance/:environment', (at) => <TerminalPage key={Object.values(at).join('/')} at={placeOf(at)} />],
];

/** Pages under the head. */
const ORDINARY: readonly (readonly [string, (found: Record<string, string>) => ReactNode])[] = [
  ['/', () => <HomePage />],
  ['/start/:workspace/:template', (at) => <StartPage workspace={at['workspace'] ?? ''} template={at['template'] ?? ''} />],
  ['/teaching', () => <TeachingPage />],
  ['/people', () => <PeoplePage />],
  ['/workspaces', () => <WorkspacesPage />],
  ['/account', () => <AccountPage />],
];

function placeOf(found: Record<string, string>) {
  return { namespace: found['namespace'] ?? '', instance: found['instance'] ?? '', environment: found['environment'] ?? '' };
}

function pageAt(path: string, pages: typeof FULL): ReactNode {
  for (const [pattern, page] of pages) {
    const found = matchPath(pattern, path);
    if (found) return page(found);
  }
  return undefined;
}

function Pages() {
  const path = usePath();
  const words = useWords();
  useShortcuts();
  const full = pageAt(path, FULL);
  if (full) return full;
  return (
    <>
      <a className="skip" href="#content">
        {words.skip}
      </a>
      <Head />
      <ConnectionBanner />
      <main className="page" id="content" tabIndex={-1}>
        {pageAt(path, ORDINARY) ?? <NotFoundPage />}
      </main>
    </>
  );
}
