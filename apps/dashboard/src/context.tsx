import { createContext, useContext } from 'react';
import type { Lab } from './lab/lab.ts';
import type { Me, Session } from './session/session.ts';
import type { GraphSocket } from './wire/graph-socket.ts';

/** What every page has at hand. */
export interface AppParts {
  readonly lab: Lab;
  readonly me: Me;
  readonly session: Session;
  readonly socket: GraphSocket;
}

/** Filled once the person is known. */
export const AppContext = createContext<AppParts | undefined>(undefined);

/** The parts of the page. */
export function useApp(): AppParts {
  const parts = useContext(AppContext);
  if (!parts) throw new TypeError('used outside of the signed-in page');
  return parts;
}
