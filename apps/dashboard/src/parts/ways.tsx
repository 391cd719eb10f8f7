import type { ReactNode } from 'react';
import type { Instance } from '../lab/instance.ts';
import { type Template, type WayIn, waysIn } from '../lab/template.ts';
import { Link } from '../router.tsx';
import { useWords } from '../words/words.ts';
import { desktopPage, terminalPage } from './environment-pages.ts';
import { Icon, type IconName } from './icon.tsx';

/** One way into one environment of an instance. */
export interface Way {
  readonly way: WayIn;
  readonly environment: string;
  readonly instance: Pick<Instance, 'namespace' | 'name' | 'uid'>;
}

/** Where a way leads. */
export function wayHref({ way, environment, instance }: Way): string {
  if (way === 'web') return `/instance/${instance.uid}/${environment}/`;
  const page = way === 'terminal' || way === 'console' ? 'terminal' : 'desktop';
  return `/${page}/${instance.namespace}/${instance.name}/${environment}${way === 'screen' ? '?screen=1' : ''}`;
}

/** All ways into an instance, the best first. Without its template only what its status names is known. */
export function waysOf(
  instance: Way['instance'] & Pick<Instance, 'environments'>,
  template: Template | undefined,
): (Way & { href: string })[] {
  const environments = template?.environments ?? instance.environments.map(({ name }) => ({ name, type: 'Container', gui: true }));
  return environments.flatMap((environment) =>
    waysIn(environment).map((way) => {
      const found = { way, environment: environment.name, instance };
      return { ...found, href: wayHref(found) };
    }),
  );
}

/** Fetches the code of a page before it is opened. A failure shows when it is. */
export function preloadPage(way: WayIn | 'machine'): void {
  if (way === 'web') return;
  (way === 'terminal' || way === 'console' ? terminalPage : desktopPage).preload();
}

/** How tests find a way. */
export const WAY_TEST_IDS: Readonly<Record<WayIn, string>> = {
  desktop: 'connect',
  web: 'connect-web',
  terminal: 'connect-terminal',
  console: 'connect-console',
  screen: 'connect-screen',
};

/** The drawing for a way. */
export const WAY_ICONS: Readonly<Record<WayIn, IconName>> = {
  desktop: 'desktop',
  web: 'web',
  terminal: 'terminal',
  console: 'terminal',
  screen: 'desktop',
};

/** Whether a way may be gone before everything is ready: who comes early sees how it starts. */
export function takesEarly(way: WayIn): boolean {
  return way !== 'web' && way !== 'terminal';
}

/** A link into an environment. A web app opens in a tab of its own: it is another origin, and not ours. */
export function WayLink({ way, className, label, face }: { way: Way; className: string; label?: string; face?: ReactNode }) {
  const words = useWords();
  const href = wayHref(way);
  const shared = { className, 'data-testid': WAY_TEST_IDS[way.way], 'aria-label': label, href };
  const inner = (
    <>
      <Icon name={WAY_ICONS[way.way]} /> {face ?? words.instance.wayShort[way.way]}
    </>
  );
  if (way.way === 'web') {
    return (
      <a {...shared} target="_blank" rel="noreferrer">
        {inner}
      </a>
    );
  }
  const preload = () => preloadPage(way.way);
  return (
    <Link {...shared} onPointerEnter={preload} onFocus={preload}>
      {inner}
    </Link>
  );
}
