import '../style/desktop.css';
import { useState } from 'react';
import { isConnectable, stageOf } from '../lab/progress.ts';
import { type Entered, EnvironmentGate, type Place } from '../parts/environment-gate.tsx';
import { StageText } from '../parts/instance-card.tsx';
import { PowerMenu } from '../parts/power-menu.tsx';
import { useWhose } from '../parts/whose.tsx';
import { DesktopScreen } from './desktop-screen.tsx';

/** The desktop of an environment, filling the window. */
export function DesktopPage({ at }: { at: Place }) {
  const [onlyLook, setOnlyLook] = useState(() => new URLSearchParams(location.search).has('view'));
  const change = (look: boolean) => {
    const asked = new URLSearchParams(location.search);
    if (look) asked.set('view', '1');
    else asked.delete('view');
    history.replaceState(null, '', `${location.pathname}${asked.size > 0 ? `?${asked.toString()}` : ''}`);
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

function Entrance({ at, entered, onlyLook, onLook }: EntranceProps) {
  const { instance, title, access, machine, keeps, askAgain } = entered;
  const whose = useWhose(instance);
  const viewOnly = onlyLook || !access.control;
  const fromOutside = new URLSearchParams(location.search).has('screen');
  // A machine is seen from outside while it boots, and from inside once it shows a desktop of its own: that is another connection.
  const inside = !machine || instance.environments.some(({ name, phase }) => name === at.environment && phase === 'Ready');
  return (
    <DesktopScreen
      key={`${viewOnly} ${inside || fromOutside}`}
      at={at}
      machine={machine}
      power={
        machine && access.power ? <PowerMenu instance={instance} environment={at.environment} title={title} keeps={keeps} /> : undefined
      }
      fromOutside={fromOutside}
      title={title}
      whose={whose}
      progress={isConnectable(instance) ? undefined : <StageText instance={instance} stage={stageOf(instance)} />}
      viewOnly={viewOnly}
      mayRetry={askAgain}
      onLook={access.control ? onLook : undefined}
    />
  );
}
