import type { ReactNode } from 'react';
import { useApp } from '../context.tsx';
import { useManagedWorkspaces } from '../lab/use-lab.ts';
import { Link, usePath } from '../router.tsx';
import { chooseLanguage, LANGUAGE_NAMES, useWords } from '../words/words.ts';
import { Avatar } from './avatar.tsx';
import { openHelp } from './help.tsx';
import { Icon, type IconName, Mark } from './icon.tsx';
import { Menu, type MenuEntry } from './menu.tsx';
import { applyTheme, THEME, usePreference } from './preferences.ts';
import { attempt } from './toast.tsx';

/** The top of every page: where one can go, and who one is. */
export function Head() {
  const words = useWords();
  const { me } = useApp();
  const teaches = useManagedWorkspaces().length > 0;
  return (
    <header className="head">
      <div className="head-in">
        <Link className="brand" href="/" aria-label="CrownLabs">
          <Mark />
          <span>CrownLabs</span>
        </Link>
        <nav className="nav" aria-label={words.nav.label}>
          <NavLink href="/" icon="home">
            {words.nav.lab}
          </NavLink>
          {teaches && (
            <NavLink href="/teaching" icon="teach">
              {words.nav.teaching}
            </NavLink>
          )}
          {me.admin && (
            <NavLink href="/people" icon="people">
              {words.nav.people}
            </NavLink>
          )}
          {me.admin && (
            <NavLink href="/workspaces" icon="boxes">
              {words.nav.workspaces}
            </NavLink>
          )}
          <NavLink href="/account" icon="person" narrowOnly>
            {words.nav.account}
          </NavLink>
        </nav>
        <div className="head-side">
          <button type="button" className="button plain square" aria-label={words.head.help} title={words.head.help} onClick={openHelp}>
            <Icon name="help" />
          </button>
          <PersonMenu />
        </div>
      </div>
    </header>
  );
}

function NavLink({ href, icon, children, narrowOnly }: { href: string; icon: IconName; children: ReactNode; narrowOnly?: boolean }) {
  const path = usePath();
  return (
    <Link href={href} className={narrowOnly ? 'narrow-only' : undefined} aria-current={path === href ? 'page' : undefined}>
      <span className="nav-icon">
        <Icon name={icon} />
      </span>
      {children}
    </Link>
  );
}

function PersonMenu() {
  const words = useWords();
  const { me } = useApp();
  const theme = usePreference(THEME);
  const icons: Readonly<Record<typeof theme, IconName>> = { auto: 'auto', light: 'sun', dark: 'moon' };
  const themes = (['auto', 'light', 'dark'] as const).map((value): MenuEntry => {
    const run = () => {
      THEME.set(value);
      applyTheme(value);
    };
    return { label: words.head.themes[value], icon: icons[value], checked: theme === value, run };
  });
  const languages = LANGUAGE_NAMES.map(
    ([code, label]): MenuEntry => ({
      label,
      icon: 'language',
      checked: words.locale === code,
      run: () => void attempt(chooseLanguage(code)),
    }),
  );
  const note = (
    <>
      <strong>{me.displayName}</strong>
      <div className="quiet">{me.email || me.name}</div>
    </>
  );
  return (
    <Menu
      label={words.head.you(me.displayName)}
      face={<Avatar name={me.displayName} />}
      className="avatar-button"
      note={note}
      testId="person-menu"
      groups={[
        [{ label: words.nav.account, icon: 'person', href: '/account' }],
        themes,
        languages,
        [{ label: words.head.signOut, icon: 'leave', run: signOut, testId: 'sign-out' }],
      ]}
    />
  );
}

/** A form, because leaving is an unsafe request and the answer is a page. */
function signOut(): void {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = '/auth/logout';
  document.body.append(form);
  form.submit();
}
