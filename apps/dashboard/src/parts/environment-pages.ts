import { latePage } from './late-page.tsx';

/** The page of a desktop. */
export const desktopPage = latePage(async () => (await import('../desktop/desktop-page.tsx')).DesktopPage);

/** The page of a shell. */
export const terminalPage = latePage(async () => (await import('../terminal/terminal-page.tsx')).TerminalPage);
