import { useEffect, useRef } from 'react';
import { useApp } from '../context.tsx';
import type { Instance } from '../lab/instance.ts';
import { isConnectable, stageOf } from '../lab/progress.ts';
import type { Template } from '../lab/template.ts';
import { useTemplatesOf } from '../lab/use-templates.ts';
import { cardId, InstanceCard, titleOf } from '../parts/instance-card.tsx';
import { OPEN_WHEN_READY, usePreference } from '../parts/preferences.ts';
import { Loaded, Skeletons } from '../parts/states.tsx';
import { say } from '../parts/toast.tsx';
import { type Way, waysOf } from '../parts/ways.tsx';
import { navigate } from '../router.tsx';
import { useLive } from '../wire/live.ts';
import { useWords, wordsNow } from '../words/words.ts';

/** The reader's own environments, the newest first. */
export function MyInstances({ namespace }: { namespace: string }) {
  const { lab } = useApp();
  return (
    <Loaded of={useLive(lab.instances(namespace))} waiting={<Skeletons count={1} height="5.5rem" />}>
      {(instances) => (instances.length === 0 ? null : <List instances={instances} />)}
    </Loaded>
  );
}

function List({ instances }: { instances: readonly Instance[] }) {
  const words = useWords();
  const templateOf = useTemplatesOf(instances);
  useReadyNotices(instances, templateOf);
  const open = usePreference(OPEN_WHEN_READY) === 'yes';
  const waits = instances.some((instance) => instance.running && !isConnectable(instance) && !instance.deleting);
  return (
    <section className="section" aria-labelledby="mine">
      <div className="section-head">
        <h2 id="mine">{words.home.mine}</h2>
        <span className="count">{instances.length}</span>
        {(waits || open) && (
          <label className="switch" style={{ marginLeft: 'auto' }}>
            <input
              type="checkbox"
              role="switch"
              aria-checked={open}
              checked={open}
              onChange={() => OPEN_WHEN_READY.set(open ? 'no' : 'yes')}
            />
            {words.instance.openWhenReady}
          </label>
        )}
      </div>
      <ul className="instances" aria-label={words.instance.list}>
        {instances.map((instance) => (
          <InstanceCard key={instance.name} instance={instance} template={templateOf(instance)} />
        ))}
      </ul>
    </section>
  );
}

function sayReady(instance: Instance, title: string, way: (Way & { href: string }) | undefined): void {
  const words = wordsNow();
  // Who looks at the card sees it there, with the button; a word above it would only cover something.
  if (isOnScreen(instance)) return say(words.instance.ready(title), { unseen: true });
  const enter = way && way.way !== 'web' ? { label: words.instance.connect, run: () => navigate(way.href) } : undefined;
  return say(words.instance.ready(title), { icon: 'check', act: enter });
}

function isOnScreen({ name }: Instance): boolean {
  const box = document.getElementById(cardId(name))?.getBoundingClientRect();
  return document.visibilityState === 'visible' && box !== undefined && box.top >= 0 && box.bottom <= innerHeight;
}

/** Says when something that the reader waited for can be used, or opens it if that was asked for. */
function useReadyNotices(instances: readonly Instance[], templateOf: (instance: Instance) => Template | undefined): void {
  const words = useWords();
  const before = useRef(new Map<string, boolean>());
  useEffect(() => {
    for (const instance of instances) {
      const usable = isConnectable(instance);
      const was = before.current.get(instance.name);
      before.current.set(instance.name, usable);
      if (was !== false || !usable) continue;
      const template = templateOf(instance);
      const [way] = waysOf(instance, template);
      if (way && way.way !== 'web' && OPEN_WHEN_READY.live.get() === 'yes') navigate(way.href);
      else if (stageOf(instance) === 'ready') sayReady(instance, titleOf(instance, template, words.instance.fresh), way);
      else before.current.set(instance.name, false);
    }
  });
}
