import { useEffect, useRef } from 'react';
import { useWords } from '../words/words.ts';
import type { DesktopLink } from './desktop-link.ts';
import { keysymOf, pressTogether } from './keys.ts';

/** Something in the field, so that a deletion is an event even when nothing was typed. */
const PAD = '\u2003\u2003';

/**
 * Brings up the keyboard of a phone: a field that one does not see. Phones do not tell which key was pressed, only what became of the
 * text, so the text is what is sent on; composed characters arrive whole.
 */
export function SoftKeyboard({ link, onClose }: { link: DesktopLink; onClose: () => void }) {
  const words = useWords();
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    const shown = field.current;
    if (!shown) return undefined;
    shown.focus();
    const onInput = (event: Event) => {
      if (!(event instanceof InputEvent) || event.isComposing || !link.rfb) return;
      if (event.inputType.startsWith('delete')) pressTogether(link.rfb, ['Backspace']);
      else if (event.inputType === 'insertLineBreak') pressTogether(link.rfb, ['Enter']);
      else for (const character of event.data ?? '') link.rfb.sendKey(keysymOf(character), null);
      shown.value = PAD;
    };
    const onComposed = (event: CompositionEvent) => {
      for (const character of event.data) link.rfb?.sendKey(keysymOf(character), null);
      shown.value = PAD;
    };
    shown.addEventListener('input', onInput);
    shown.addEventListener('compositionend', onComposed);
    return () => {
      shown.removeEventListener('input', onInput);
      shown.removeEventListener('compositionend', onComposed);
    };
  }, [link]);
  return (
    <textarea
      ref={field}
      className="desk-typing"
      aria-label={words.desktop.keyboard}
      defaultValue={PAD}
      autoCapitalize="none"
      autoComplete="off"
      autoCorrect="off"
      spellCheck={false}
      onBlur={onClose}
    />
  );
}
