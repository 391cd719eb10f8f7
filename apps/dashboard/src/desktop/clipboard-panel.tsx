import { useId, useState } from 'react';
import { Icon } from '../parts/icon.tsx';
import { CLIPBOARD, usePreference } from '../parts/preferences.ts';
import { say } from '../parts/toast.tsx';
import { useLive } from '../wire/live.ts';
import { useWords } from '../words/words.ts';
import { askToRead } from './clipboard-sync.ts';
import type { DesktopLink } from './desktop-link.ts';
import { typeText } from './keys.ts';

/** The clipboard by hand, for browsers that do not share theirs and for places where pasting does not work. */
export function ClipboardPanel({ link, viewOnly, onClose }: { link: DesktopLink; viewOnly: boolean; onClose: () => void }) {
  const words = useWords();
  const id = useId();
  const remote = useLive(link.clipboard);
  const [draft, setDraft] = useState<string>();
  const text = draft ?? remote;
  const send = () => {
    link.rfb?.clipboardPasteFrom(text);
    link.rfb?.focus();
    onClose();
    say(words.desktop.clip.sent, { icon: 'clipboard' });
  };
  const type = () => {
    onClose();
    const { rfb } = link;
    rfb?.focus();
    if (rfb) void typeText(rfb, text);
  };
  return (
    <section className="desk-panel" aria-labelledby={`${id}-title`}>
      <div className="section-head">
        <h2 id={`${id}-title`}>{words.desktop.clip.title}</h2>
        <button type="button" className="button plain square small" aria-label={words.close} onClick={onClose}>
          <Icon name="cross" />
        </button>
      </div>
      <p className="quiet">{words.desktop.clip.text}</p>
      <label className="unseen" htmlFor={id}>
        {words.desktop.clip.label}
      </label>
      <textarea id={id} className="input" rows={5} value={text} onChange={(event) => setDraft(event.target.value)} />
      {!viewOnly && (
        <>
          <div className="desk-panel-ends">
            <button type="button" className="button primary small" onClick={send}>
              {words.desktop.clip.send}
            </button>
            <button type="button" className="button second small" title={words.desktop.clip.typeHint} onClick={type}>
              {words.desktop.clip.type}
            </button>
          </div>
          <Sync />
        </>
      )}
    </section>
  );
}

function Sync() {
  const words = useWords();
  const on = usePreference(CLIPBOARD) === 'sync';
  const toggle = async () => {
    CLIPBOARD.set(on ? 'manual' : 'sync');
    if (!on && !(await askToRead())) say(words.desktop.clip.denied, { icon: 'info' });
  };
  return (
    <label className="switch">
      <input type="checkbox" role="switch" aria-checked={on} checked={on} onChange={() => void toggle()} />
      {words.desktop.clip.sync}
    </label>
  );
}
