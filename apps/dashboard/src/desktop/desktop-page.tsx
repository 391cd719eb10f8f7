import '../style/desktop.css';
import { useState } from 'react';
import { isConnectable, stageOf } from '../lab/progress.ts';
import { type Entered, EnvironmentGate, type Place } from '../parts/environment-gate.tsx';
import { StageText } from '../parts/instance-card.tsx';
import { useWhose } from '../parts/whose.tsx';
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
      {(entered) => <Entrance at={at} entered={entered} onlyLook={onlyLook} onLook={change} />}
    </EnvironmentGate>
  );
}

interface EntranceProps {
  readonly at: Place;
  readonly entered: Entered;
  readonly onlyLook: boolean;
  readonly onLook: (look: boolean) => void;
}

function Entrance({ at, entered: { instance, title, access, askAgain }, onlyLook, onLook }: EntranceProps) {
  const whose = useWhose(instance);
  const viewOnly = onlyLook || !access.control;
  return (
    <DesktopScreen
      key={String(viewOnly)}
      at={at}
      title={title}
      whose={whose}
      progress={isConnectable(instance) ? undefined : <StageText instance={instance} stage={stageOf(instance)} />}
      viewOnly={viewOnly}
      mayRetry={askAgain}
      onLook={access.control ? onLook : undefined}
    />
  );
}
