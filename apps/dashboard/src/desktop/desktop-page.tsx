import '../style/desktop.css';
import { useState } from 'react';
import { isConnectable, stageOf } from '../lab/progress.ts';
import { EnvironmentGate, type Place } from '../parts/environment-gate.tsx';
import { StageText } from '../parts/instance-card.tsx';
import { DesktopScreen } from './desktop-screen.tsx';

/** The desktop of an environment, filling the window. */
export function DesktopPage({ at }: { at: Place }) {
  const [onlyLook, setOnlyLook] = useState(() => new URLSearchParams(location.search).has('view'));
  const change = (look: boolean) => {
    history.replaceState(null, '', look ? `${location.pathname}?view=1` : location.pathname);
    setOnlyLook(look);
  };
  return (
    <EnvironmentGate at={at} need="view">
      {({ instance, title, access, askAgain }) => {
        const viewOnly = onlyLook || !access.control;
        return (
          <DesktopScreen
            key={String(viewOnly)}
            at={at}
            title={title}
            progress={isConnectable(instance) ? undefined : <StageText instance={instance} stage={stageOf(instance)} />}
            viewOnly={viewOnly}
            mayRetry={askAgain}
            onLook={access.control ? change : undefined}
          />
        );
      }}
    </EnvironmentGate>
  );
}
