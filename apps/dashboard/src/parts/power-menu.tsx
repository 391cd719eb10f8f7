import { useState } from 'react';
import type { Instance } from '../lab/instance.ts';
import { reboot } from '../wire/reboot.ts';
import { useWords } from '../words/words.ts';
import { Confirm } from './dialog.tsx';
import { Icon } from './icon.tsx';
import { useActs } from './instance-card.tsx';
import { Menu } from './menu.tsx';
import { attempt, say } from './toast.tsx';

interface PowerProps {
  readonly instance: Instance;
  readonly environment: string;
  readonly title: string;
  /** Whether its disk outlives a stop. */
  readonly keeps: boolean;
}

/** The power button of a machine, in the bar above its picture. */
export function PowerMenu({ instance, environment, title, keeps }: PowerProps) {
  const { power, instance: words } = useWords();
  const { stop, suspend } = useActs(instance, title);
  const [asking, setAsking] = useState<'stop' | 'restart'>();
  const done = () => setAsking(undefined);
  const restart = async () => {
    if (await attempt(reboot(instance.namespace, instance.name, environment))) say(power.restarting(title), { icon: 'power' });
  };
  return (
    <>
      <Menu
        label={power.menu}
        face={<Icon name="power" />}
        testId="power"
        groups={[
          [
            { label: power.stop, icon: 'stop', run: () => setAsking('stop'), testId: 'power-stop' },
            ...(keeps ? [{ label: words.suspend, icon: 'moon' as const, run: suspend, testId: 'power-suspend' }] : []),
            { label: power.restart, icon: 'power', run: () => setAsking('restart'), testId: 'power-restart' },
          ],
        ]}
      />
      {asking === 'stop' && (
        <Confirm title={power.stopTitle(title)} yes={power.stop} onYes={stop} onClose={done}>
          {keeps ? power.stopKeeps : power.stopLoses}
        </Confirm>
      )}
      {asking === 'restart' && (
        <Confirm title={power.restartTitle(title)} yes={power.restart} onYes={() => void restart()} onClose={done}>
          {power.restartLoses}
        </Confirm>
      )}
    </>
  );
}
